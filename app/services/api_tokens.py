"""API tokens: made, listed and revoked by whose they are, found by what a program shows."""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, update
from sqlmodel import Session, col

from app.errors import ConflictError, NotFoundError, StagelightError
from app.models import Act, ApiToken, Person, Scope
from app.models.columns import utc_now
from app.services.asker import Asker, Right
from app.services.audit import record
from app.services.tokens import hash_of, is_token, new_token
from app.services.view import View
from app.text import one_line

PREFIX = "stl_"  # so that scanners for leaked secrets know one
DAYS = 90  # that a token holds unless another number is asked for
MAX_DAYS = 365
NAME_CHARACTERS = 80
MAX_TOKENS = 50  # of one person, those that have ended and were not revoked among them


class TokenError(StagelightError):
    """No such token can be made. None was."""

    code = "bad_token_request"
    status = 422


class TokenView(View):
    """A token without what a program shows, which nobody knows any more."""

    id: int
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    expired: bool


class TokenList(View):
    """All of a person's tokens that were not revoked, newest first."""

    tokens: list[TokenView]


def scopes_of(asker: Asker) -> tuple[Scope, ...]:
    """What a token of theirs may be for: no more than they may themselves."""
    return tuple(scope for scope in Scope if asker.may(Right(scope.value)))


def make_token(
    session: Session, asker: Asker, name: str, scope: Scope, days: int = DAYS
) -> tuple[ApiToken, str]:
    """A new token of the asker's, and what a program shows, which is told this once."""
    name = one_line(name)
    _check(asker, name, scope, days)
    assert asker.person_id is not None
    count = session.scalar(select(func.count()).select_from(_kept(asker).subquery())) or 0
    if count >= MAX_TOKENS:
        raise ConflictError(
            f"You have {count} tokens; nobody may have more.",
            "Revoke those that are not used any more.",
            code="too_many_tokens",
        )
    bare, now = new_token(), utc_now()
    token = ApiToken(
        token_sha256=hash_of(bare),
        person_id=asker.person_id,
        name=name,
        scope=scope,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    detail = {"token": token.id, "scope": scope.value, "days": days}
    record(session, asker, Act.TOKEN_MADE, name, **detail)
    return token, f"{PREFIX}{bare}"


def list_tokens(session: Session, asker: Asker, person: Person | None = None) -> list[TokenView]:
    """The tokens of `person`, else the asker's, newest first; those that have ended stay until
    they are revoked.
    """
    now = utc_now()
    return [
        TokenView(**token.model_dump(), expired=token.expires_at <= now)
        for token in session.scalars(_kept(asker, person).order_by(col(ApiToken.id).desc()))
    ]


def revoke_token(
    session: Session, asker: Asker, token_id: int, person: Person | None = None
) -> None:
    """End one of these tokens now; NotFoundError where it is not theirs."""
    revoked = (
        update(ApiToken)
        .where(
            col(ApiToken.id) == token_id,
            col(ApiToken.person_id) == _holder(asker, person),
            col(ApiToken.revoked_at).is_(None),
        )
        .values(revoked_at=utc_now())
        .returning(col(ApiToken.name))
    )
    name = session.scalar(revoked)
    if name is None:
        raise NotFoundError(f"There is no token {token_id}.", "It may have been revoked meanwhile.")
    detail = {} if person is None else {"owner": person.name}
    record(session, asker, Act.TOKEN_REVOKED, name, token=token_id, **detail)


def find_token(session: Session, text: str) -> tuple[ApiToken, Person] | None:
    """The token and its person, if both are good now."""
    bare = text.removeprefix(PREFIX)
    if bare == text or not is_token(bare):
        return None
    now = utc_now()
    query = (
        select(ApiToken, Person)
        .join(Person, col(Person.id) == col(ApiToken.person_id))
        .where(
            col(ApiToken.token_sha256) == hash_of(bare),
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > now,
            col(Person.disabled_at).is_(None),
        )
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def use_token(session: Session, token_id: int) -> None:
    """Note that a token was used now."""
    session.execute(update(ApiToken).where(col(ApiToken.id) == token_id).values(used_at=utc_now()))


def _kept(asker: Asker, person: Person | None = None) -> Select[ApiToken]:
    return select(ApiToken).where(
        col(ApiToken.person_id) == _holder(asker, person), col(ApiToken.revoked_at).is_(None)
    )


def _holder(asker: Asker, person: Person | None) -> int | None:
    """Whose tokens are meant: the asker's own unless a person is named."""
    return asker.person_id if person is None else person.id


def _check(asker: Asker, name: str, scope: Scope, days: int) -> None:
    if not 1 <= len(name) <= NAME_CHARACTERS:
        raise TokenError(
            f"The token's name has {len(name)} characters." if name else "The token has no name.",
            f"Say in 1 to {NAME_CHARACTERS} what it is for; it is listed by that.",
        )
    if scope not in scopes_of(asker):
        raise TokenError(
            f"A token for {scope.value} is more than you may yourself.",
            f"Choose one of: {', '.join(scopes_of(asker))}.",
        )
    if not 1 <= days <= MAX_DAYS:
        raise TokenError(
            f"A token cannot be made for {days} days.", f"Give it 1 to {MAX_DAYS}; {DAYS} is usual."
        )
