"""People with a password, and browsers at the forms that let them in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, event
from sqlmodel import col, select

from app.cookies import cookie_name
from app.db import read_scope, session_scope
from app.models import Audit, Person, PersonRole
from app.services.passwords import hash_password
from app.web import Web
from tests.people_support import SAME_ORIGIN, add_person

PASSWORD = "four unlikely words"

hashed = cache(hash_password)


def add_with_password(engine: Engine, name: str, role: PersonRole = PersonRole.MEMBER) -> Person:
    """A person whose password is PASSWORD."""
    add_person(engine, name, role)
    with session_scope(engine) as session:
        person = session.exec(select(Person).where(col(Person.name) == name)).one()
        person.password_hash = hashed(PASSWORD)
        return person


def log_in(
    client: TestClient, name: str = "ana", password: str = PASSWORD, **more: str
) -> Response:
    """Send the form."""
    return client.post("/login", data={"name": name, "password": password, **more})


def web_of(client: TestClient) -> Web:
    """What the application that it talks to stands on."""
    web: Web = client.app.state.web  # type: ignore[attr-defined]
    return web


def cookie_in(client: TestClient) -> str | None:
    """The token of the login that the browser has."""
    return client.cookies.get(cookie_name(web_of(client).settings))


def audited(engine: Engine) -> list[Audit]:
    """The audit log, oldest first."""
    with read_scope(engine) as session:
        return list(session.exec(select(Audit).order_by(col(Audit.id))))


@contextmanager
def browser_at(app: FastAPI, address: str) -> Iterator[TestClient]:
    """A browser on another machine."""
    url = "http://127.0.0.1"
    with TestClient(
        app, url, client=(address, 5000), headers=SAME_ORIGIN, follow_redirects=False
    ) as client:
        yield client


@contextmanager
def told_when_read(engine: Engine, table: str) -> Iterator[threading.Event]:
    """Set once rows of a table were asked for."""
    read = threading.Event()

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if f"FROM {table}" in statement:
            read.set()

    event.listen(engine, "after_cursor_execute", listen)
    yield read
    event.remove(engine, "after_cursor_execute", listen)


def join(page: Page, link: str, name: str) -> None:
    """Somebody opens a link that they were sent, and is in."""
    page.goto(link)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator(".who")).to_contain_text(name)
