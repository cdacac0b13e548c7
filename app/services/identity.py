"""Who asks: whom a cookie or an API token stands for, now."""

import getpass
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache

from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from app.db import read_scope, session_scope
from app.errors import LoginNeededError
from app.models import ApiToken, Login, Person, PersonRole
from app.models.columns import utc_now
from app.models.person import NAME_CHARACTERS
from app.services import api_tokens, logins
from app.services.asker import Asker, Via

SEEN_SECONDS = 60  # how exact the times of last use are: a write for each request were too many


class BadTokenError(LoginNeededError):
    """The API token that was sent is not known, has ended, or was revoked."""

    code = "bad_token"

    def __init__(self) -> None:
        super().__init__("The API token that was sent does not hold.")


def nobody(address: str = "") -> Asker:
    """Who asks without a login."""
    return Asker("", None, Via.NOBODY, address=address)


def local_asker(address: str) -> Asker:
    """Who asks where there are no accounts: whoever runs the server."""
    return Asker(local_person(), PersonRole.ADMIN, Via.LOCAL, address=address)


def console_asker() -> Asker:
    """Who runs a command on the server itself: whoever can read its database may do all."""
    return Asker(local_person(), PersonRole.ADMIN, Via.CONSOLE)


@cache
def local_person() -> str:
    """The system user that this process runs as."""
    try:
        return getpass.getuser()[:NAME_CHARACTERS]
    except (KeyError, OSError):  # a container's user needs no name
        return f"user {os.getuid()}"


def logged_in(person: Person, login_id: int | None, address: str) -> Asker:
    """Who comes with this login."""
    return Asker(person.name, person.role, Via.LOGIN, person.id, login_id=login_id, address=address)


def identify(engine: Engine, *, token: str | None, cookie: str, address: str) -> Asker:
    """Who this is. Where a token is sent it alone counts: BadTokenError if it does not hold."""
    if token is not None:
        return _of_token(engine, token, address)
    with read_scope(engine) as session:
        found = logins.find_login(session, cookie)
    if found is None:
        return nobody(address)
    login, person = found
    login_id = login.id
    assert login_id is not None
    _note(engine, login.seen_at, lambda session: logins.see_login(session, login_id))
    return logged_in(person, login_id, address)


def _of_token(engine: Engine, text: str, address: str) -> Asker:
    with read_scope(engine) as session:
        found = api_tokens.find_token(session, text)
    if found is None:
        raise BadTokenError
    token, person = found
    token_id = token.id
    assert token_id is not None
    _note(engine, token.used_at, lambda session: api_tokens.use_token(session, token_id))
    return Asker(
        person.name,
        person.role,
        Via.TOKEN,
        person.id,
        token_id=token_id,
        scope=token.scope,
        address=address,
    )


def _note(engine: Engine, last: datetime | None, write: Callable[[Session], None]) -> None:
    """Have the time of use written down, where that is not what it says already."""
    if last is not None and (utc_now() - last).total_seconds() <= SEEN_SECONDS:
        return
    # A database that takes no write right now is no reason to refuse somebody.
    with suppress(OperationalError), session_scope(engine) as session:
        write(session)


def still_holds(session: Session, asker: Asker) -> bool:
    """Whether an answer that goes on for long may go on: nothing was revoked meanwhile."""
    if asker.person_id is None:
        return True
    now = utc_now()
    query = select(col(Person.role)).where(
        col(Person.id) == asker.person_id, col(Person.disabled_at).is_(None)
    )
    if asker.login_id is not None:
        query = query.join(Login, col(Login.person_id) == col(Person.id)).where(
            col(Login.id) == asker.login_id, col(Login.expires_at) > now
        )
    else:
        query = query.join(ApiToken, col(ApiToken.person_id) == col(Person.id)).where(
            col(ApiToken.id) == asker.token_id,
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > now,
        )
    return session.execute(query).first() is not None
