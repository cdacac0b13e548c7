"""Sessions: the browsers in which somebody is logged in, seen and ended by them or an admin."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from app.browsers import browser_words
from app.errors import NotFoundError
from app.models import Act, Login, Person
from app.models.columns import utc_now
from app.services.asker import Asker
from app.services.audit import record
from app.services.logins import end_login, end_logins
from app.services.view import View


class SessionView(View):
    """One browser in which somebody is logged in."""

    id: int
    browser: str  # in words
    agent: str  # as it calls itself
    address: str  # the network address it logged in from
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool  # this very request came with it


class SessionList(View):
    """All of them, the newest first."""

    sessions: list[SessionView]


def list_sessions(
    session: Session, asker: Asker, person: Person | None = None
) -> list[SessionView]:
    """Where `person`, else the asker, is logged in, newest first."""
    person_id, _ = _holder(asker, person)
    query = (
        select(Login)
        .where(col(Login.person_id) == person_id, col(Login.expires_at) > utc_now())
        .order_by(col(Login.id).desc())
    )
    return [
        SessionView(
            id=login.id,
            browser=browser_words(login.agent),
            agent=login.agent,
            address=login.address,
            created_at=login.created_at,
            seen_at=login.seen_at,
            expires_at=login.expires_at,
            current=login.id == asker.login_id,
        )
        for login in session.scalars(query)
    ]


def end_session(
    session: Session, asker: Asker, login_id: int, person: Person | None = None
) -> None:
    """End one of these at once, this one too; NotFoundError where it is not theirs."""
    person_id, name = _holder(asker, person)
    login = session.get(Login, login_id)
    if login is None or login.person_id != person_id:
        raise NotFoundError(f"There is no session {login_id}.", "It may have ended meanwhile.")
    end_login(session, login_id)
    record(session, asker, Act.LOGIN_REVOKED, name, login=login_id)


def end_other_sessions(session: Session, asker: Asker, person: Person | None = None) -> None:
    """End all of these at once, but the one that this very request came with."""
    person_id, name = _holder(asker, person)
    assert person_id is not None
    ended = end_logins(session, person_id, but=asker.login_id)
    if ended:
        record(session, asker, Act.LOGIN_REVOKED, name, others=ended)


def _holder(asker: Asker, person: Person | None) -> tuple[int | None, str]:
    """Whose sessions are meant, by id and name: the asker's own unless a person is named."""
    return (asker.person_id, asker.name) if person is None else (person.id, person.name)
