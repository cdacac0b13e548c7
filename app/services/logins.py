"""Logins: made, found by their cookie's token, listed and ended."""

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from app.models import Login, Person
from app.models.columns import utc_now
from app.services.tokens import hash_of, is_token, new_token
from app.text import one_line

MOST = 50  # of one person


def start_login(
    session: Session, person: Person, days: float, *, address: str = "", agent: str = ""
) -> tuple[Login, str]:
    """A new login, and the token for its cookie. It is always new: a token that the browser
    brought along may be one that somebody else planted there.

    Who has very many loses those that were not seen for longest: pages list all of them.
    """
    token, now = new_token(), utc_now()
    assert person.id is not None
    login = Login(
        token_sha256=hash_of(token),
        person_id=person.id,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(days=days),
        address=address[:80],
        agent=one_line(agent)[:200],
    )
    session.add(login)
    session.flush()
    theirs = col(Login.person_id) == person.id
    order = (col(Login.seen_at).desc(), col(Login.id).desc())
    kept = select(col(Login.id)).where(theirs).order_by(*order).limit(MOST)
    session.execute(delete(Login).where(theirs, col(Login.id).not_in(kept)))
    return login, token


def find_login(session: Session, token: str) -> tuple[Login, Person] | None:
    """The login with this token and its person, if both are good now."""
    if not is_token(token):
        return None
    query = (
        select(Login, Person)
        .join(Person, col(Person.id) == col(Login.person_id))
        .where(
            col(Login.token_sha256) == hash_of(token),
            col(Login.expires_at) > utc_now(),
            col(Person.disabled_at).is_(None),
        )
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def see_login(session: Session, login_id: int) -> None:
    """Note that a login was used now."""
    session.execute(update(Login).where(col(Login.id) == login_id).values(seen_at=utc_now()))


def end_login(session: Session, login_id: int) -> None:
    """End one: the next request with its cookie is nobody's."""
    session.execute(delete(Login).where(col(Login.id) == login_id))


def end_login_of(session: Session, token: str) -> None:
    """End the one with this token, if there is one."""
    session.execute(delete(Login).where(col(Login.token_sha256) == hash_of(token)))


def end_logins(session: Session, person_id: int, *, but: int | None = None) -> int:
    """End all of a person, `but` this one; returns how many there were."""
    query = delete(Login).where(col(Login.person_id) == person_id)
    if but is not None:
        query = query.where(col(Login.id) != but)
    return len(session.execute(query.returning(col(Login.id))).all())
