"""The team that the matrix is tried with, and all that its rows name, in one folder."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.cookies import cookie_name
from app.db import make_engine, session_scope
from app.models import (
    ApiToken,
    Comment,
    Delivery,
    DeliveryState,
    Invite,
    Login,
    Person,
    PersonRole,
    RunStatus,
    SavedFilter,
    Scope,
    Share,
    ShareKind,
    Webhook,
    WebhookEvent,
)
from app.models.columns import utc_now
from app.services.passwords import hash_password
from app.services.programs import program_store
from app.services.storage import BlobStore, digest
from app.services.tokens import hash_of
from app.services.webhook_signature import new_secret
from app.settings import Settings
from tests.people_support import add_person, stranger
from tests.rights.entry import INVITE_TOKEN, PASSWORD
from tests.rights.row import LINK_TOKEN, PROGRAM_TOKEN, Cast
from tests.share_support import passed_stage, stopped_run
from tests.test_pages_shapes import contract
from tests.web_support import Seed, make_worker

NAMES = {
    Cast.VIEWER: ("vic", PersonRole.VIEWER),
    Cast.OWNER: ("olga", PersonRole.MEMBER),
    Cast.MEMBER: ("max", PersonRole.MEMBER),
    Cast.ADMIN: ("ada", PersonRole.ADMIN),
}
OWNER = "olga"
PROGRAM = b"PK a program"

# What changes without anybody having done anything.
UNTOLD = {"audit"}


def build(settings: Settings) -> None:
    """Make all of it in a migrated database."""
    engine = make_engine(settings.url)
    _add_people(engine)
    with session_scope(engine) as session:
        seed = Seed(session, BlobStore(settings.data / "scripts"), settings)
        _add_runs(seed)
        _add_share(session)
        session.add(SavedFilter(slug="mine", name="Mine", query="status=failed", owner=OWNER))
        session.add(make_worker())
        _add_people_s_things(session)
        _add_webhooks(session)
    engine.dispose()


def _add_people(engine: Engine) -> None:
    """Persons 1 to 4, each with two sessions, their own and those that are as many further on; and
    person 5, who is disabled."""
    people = {who: add_person(engine, name, role) for who, (name, role) in NAMES.items()}
    soon = utc_now() + timedelta(days=1)  # seen so late that no request writes when it was
    password = hash_password(PASSWORD)
    with session_scope(engine) as session:
        for mark in ("", "-other"):
            for who, person in people.items():
                assert person.id is not None
                person.password_hash = password
                session.add(person)
                token = hash_of(token_of(who) + mark)
                session.add(
                    Login(token_sha256=token, person_id=person.id, seen_at=soon, expires_at=soon)
                )
                session.flush()
    with session_scope(engine) as session:
        session.add(
            Person(name="dora", name_key="dora", role=PersonRole.MEMBER, disabled_at=utc_now())
        )


def _add_runs(seed: Seed) -> None:
    """Runs 1, which stops, 2, its repetition, 3, which was deleted, and 4, which waits."""
    first = stopped_run(seed)
    first.contract = contract()
    stage = passed_stage(seed, first, 5)
    stage.file_sha256, stage.file_bytes = digest(PROGRAM), len(PROGRAM)
    program_store(seed.settings).put(PROGRAM)
    second = seed.partly("again", source=b"import torch\n", parent_id=first.id)
    third = seed.partly("gone", deleted_at=utc_now())
    fourth = seed.run("waiting", status=RunStatus.QUEUED)
    for run in (first, second, third, fourth):
        run.owner = OWNER


def _add_share(session: Session) -> None:
    session.add(
        Share(
            token_sha256=hash_of(LINK_TOKEN),
            kind=ShareKind.RUN,
            run_id=1,
            with_source=True,
            created_by=OWNER,
        )
    )


def _add_people_s_things(session: Session) -> None:
    """Token 1 and a comment of olga's, a token of the admin's, and an invite."""
    later = utc_now() + timedelta(days=1)
    for name, scope, token in ((OWNER, Scope.READ, "a token"), ("ada", Scope.ADMIN, PROGRAM_TOKEN)):
        person = session.exec(select(Person).where(col(Person.name) == name)).one()
        assert person.id is not None
        session.add(
            ApiToken(
                token_sha256=hash_of(token),
                person_id=person.id,
                name="ci",
                scope=scope,
                expires_at=later,
            )
        )
        session.flush()
    session.add(Comment(run_id=1, author=OWNER, text="The decode."))
    session.add(
        Invite(
            token_sha256=hash_of(INVITE_TOKEN),
            role=PersonRole.VIEWER,
            created_by="ada",
            expires_at=later,
        )
    )


def _add_webhooks(session: Session) -> None:
    for active in (True, False):
        session.add(
            Webhook(
                url="https://93.184.216.34/",
                secret=new_secret(),
                events=[WebhookEvent.RUN_FINISHED],
                active=active,
                created_by="ada",
            )
        )
    session.flush()
    session.add(
        Delivery(
            webhook_id=1,
            event=WebhookEvent.PING,
            event_id="1",
            payload={"type": "ping", "timestamp": "2026-01-01T00:00:00Z", "data": {}},
            state=DeliveryState.DELIVERED,
            due=0.0,
        )
    )


def renew(app: FastAPI, world: Path) -> None:
    """Bring an application's database back to that of the folder that `build` filled."""
    app.state.web.engine.dispose()
    shutil.copy(world / "stagelight.db", app.state.web.settings.data)


def token_of(who: Cast) -> str:
    """The token of their login's cookie."""
    return f"login-{who}-".ljust(32, "x")


@contextmanager
def client_of(app: FastAPI, who: Cast) -> Iterator[TestClient]:
    """Their browser; of somebody without a login that of a stranger."""
    with stranger(app) as client:
        remember(client, app, who)
        yield client


def remember(client: TestClient, app: FastAPI, who: Cast) -> None:
    """Give their browser its cookie back, and no other."""
    client.cookies.clear()
    if who in NAMES:
        client.cookies.set(cookie_name(app.state.web.settings), token_of(who))


def kept(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the database holds, by table, but for the audit log and how often links opened."""
    with sqlite3.connect(data / "stagelight.db") as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name not in UNTOLD
        ]
        found = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
        views = "SELECT id, revoked_at, expires_at FROM share"
        found["share"] = connection.execute(views).fetchall()
    connection.close()
    return found
