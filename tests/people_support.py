"""People with accounts, and clients that are logged in as they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.cookies import cookie_name
from app.db import session_scope
from app.models import ApiToken, Person, PersonRole, Scope
from app.models.columns import utc_now
from app.services.asker import Asker, Via
from app.services.logins import start_login
from app.services.tokens import hash_of, new_token

# What a browser sends with what its own page asks for.
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}


def add_person(engine: Engine, name: str, role: PersonRole = PersonRole.MEMBER) -> Person:
    """A person who has no password; they log in by `cookie_of`."""
    with session_scope(engine) as session:
        person = Person(name=name, name_key=name.casefold(), role=role)
        session.add(person)
        session.flush()
        return person


def add_admin(engine: Engine, name: str) -> Person:
    """An admin who could log in: with a password, though nobody knows which."""
    person = add_person(engine, name, PersonRole.ADMIN)
    with session_scope(engine) as session:
        person.password_hash = "unknown"
        session.add(person)
    return person


def give_token(session: Session, person: Person, scope: Scope, **values: Any) -> ApiToken:
    """A token of theirs that holds for a day, or with these columns."""
    given = {
        "token_sha256": hash_of(new_token()),
        "person_id": person.id,
        "name": "ci",
        "scope": scope,
        "expires_at": utc_now() + timedelta(days=1),
    }
    token = ApiToken(**(given | values))
    session.add(token)
    return token


def cookie_of(engine: Engine, name: str) -> str:
    """The token of a new login of theirs."""
    with session_scope(engine) as session:
        person = session.exec(select(Person).where(col(Person.name) == name)).one()
        return start_login(session, person, days=1)[1]


def asker_of(person: Person) -> Asker:
    """Them, as a route sees them."""
    return Asker(person.name, person.role, Via.LOGIN, person.id)


@contextmanager
def logged_in(app: FastAPI, name: str) -> Iterator[TestClient]:
    """A client like a browser in which they are logged in. Follows no redirects."""
    web = app.state.web
    with stranger(app) as client:
        client.cookies.set(cookie_name(web.settings), cookie_of(web.engine, name))
        yield client


@contextmanager
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """The same, logged in as nobody."""
    url = "http://127.0.0.1"
    with TestClient(app, base_url=url, follow_redirects=False, headers=SAME_ORIGIN) as client:
        yield client
