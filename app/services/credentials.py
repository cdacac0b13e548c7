"""What lets somebody in: their sessions and API tokens, listed and revoked."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from app.errors import NotFoundError
from app.models import Act, ApiToken, Login, Person, Scope
from app.models.columns import utc_now
from app.services.asker import Asker
from app.services.audit import record
from app.services.logins import end_logins
from app.services.view import View


class SessionView(View):
    """A browser in which somebody is logged in. `agent` is what it says it is."""

    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str  # it was made from
    agent: str


class TokenView(View):
    """An API token without its secret, which nobody knows any more but who was given it."""

    id: int
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class SessionList(View):
    """Sessions, the one that was used last first."""

    sessions: list[SessionView]


class TokenList(View):
    """API tokens, newest first."""

    tokens: list[TokenView]


def list_sessions(session: Session, person: Person) -> list[SessionView]:
    """Those that hold."""
    query = (
        select(Login)
        .where(col(Login.person_id) == person.id, col(Login.expires_at) > utc_now())
        .order_by(col(Login.seen_at).desc(), col(Login.id).desc())
    )
    return [SessionView.model_validate(one) for one in session.scalars(query)]


def list_tokens(session: Session, person: Person) -> list[TokenView]:
    """Those that hold."""
    query = (
        select(ApiToken)
        .where(
            col(ApiToken.person_id) == person.id,
            col(ApiToken.expires_at) > utc_now(),
            col(ApiToken.revoked_at).is_(None),
        )
        .order_by(col(ApiToken.id).desc())
    )
    return [TokenView.model_validate(one) for one in session.scalars(query)]


def revoke_session(session: Session, asker: Asker, person: Person, login_id: int) -> None:
    """End a session at once; NotFoundError if it is none of theirs."""
    ended = (
        delete(Login)
        .where(col(Login.id) == login_id, col(Login.person_id) == person.id)
        .returning(col(Login.id))
    )
    if session.execute(ended).first() is None:
        raise NotFoundError(
            f"{person.name} has no session {login_id}.", "It has ended, or was revoked already."
        )
    record(session, asker, Act.LOGIN_REVOKED, person.name, sessions=1)


def revoke_sessions(
    session: Session, asker: Asker, person: Person, *, but: int | None = None
) -> int:
    """End all at once, `but` this one; returns how many there were."""
    assert person.id is not None
    count = end_logins(session, person.id, but=but)
    if count:
        record(session, asker, Act.LOGIN_REVOKED, person.name, sessions=count)
    return count


def revoke_token(session: Session, asker: Asker, person: Person, token_id: int) -> None:
    """End an API token at once; NotFoundError if it is none of theirs that holds."""
    ended = (
        update(ApiToken)
        .where(
            col(ApiToken.id) == token_id,
            col(ApiToken.person_id) == person.id,
            col(ApiToken.revoked_at).is_(None),
        )
        .values(revoked_at=utc_now())
        .returning(col(ApiToken.name))
    )
    name = session.scalar(ended)
    if name is None:
        raise NotFoundError(
            f"{person.name} has no API token {token_id}.", "It was revoked already."
        )
    record(session, asker, Act.TOKEN_REVOKED, person.name, token=name)
