"""API tokens: found by what a program shows."""

from sqlalchemy import select, update
from sqlmodel import Session, col

from app.models import ApiToken, Person
from app.models.columns import utc_now
from app.services.tokens import hash_of, is_token

PREFIX = "stl_"  # so that scanners for leaked secrets know one


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
