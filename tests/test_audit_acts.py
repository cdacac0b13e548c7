"""What people do to runs, filters, failures and links is audited, by page and API alike."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.db import read_scope
from app.models import Act, Audit, RunStatus
from app.services.storage import BlobStore
from app.settings import Settings
from tests.people_support import add_person, logged_in
from tests.share_support import FINGERPRINT, stopped_run
from tests.web_support import id_of, seeding

pytestmark = pytest.mark.accounts


@pytest.fixture
def ana(app: FastAPI, engine: Engine, store: BlobStore, settings: Settings) -> Iterator[TestClient]:
    """Ana, whose are run 1, which stopped, and run 2, which waits."""
    add_person(engine, "ana")
    with seeding(engine, store, settings) as seed:
        runs = stopped_run(seed), seed.run("waiting", status=RunStatus.QUEUED)
        assert [id_of(run) for run in runs] == [1, 2]
        for run in runs:
            run.owner = "ana"
    with logged_in(app, "ana") as client:
        yield client


def log(engine: Engine) -> list[Audit]:
    """What is in it by people: rows that were seeded are nobody's."""
    with read_scope(engine) as session:
        found = select(Audit).where(col(Audit.actor) != "").order_by(col(Audit.id))
        return list(session.scalars(found))


FILTER = {"name": "Mine", "query": "status=failed"}
FIXED = {"state": "fixed", "note": "see the wiki"}

# How each act is done by a page and by the API, and what is kept of it.
ACTS: list[tuple[Act, str, dict[str, Any], list[tuple[str, str, Any]]]] = [
    (
        Act.RUN_CHANGED,
        "run 1",
        {"fields": ["title"]},
        [("POST", "/runs/1/title", {"title": "x"}), ("PATCH", "/api/runs/1", {"title": "x"})],
    ),
    (
        Act.RUN_CHANGED,
        "run 1",
        {"fields": ["pin"]},
        [("POST", "/runs/1/star", {"pin": "true"}), ("PATCH", "/api/runs/1", {"pin": True})],
    ),
    (
        Act.RUN_CHANGED,
        "run 1",
        {"fields": ["tags", "note"]},
        [
            ("POST", "/runs/1/about", {"tags": "a", "note": "b"}),
            ("PATCH", "/api/runs/1", {"tags": ["a"], "note": "b"}),
        ],
    ),
    (
        Act.RUN_CANCELLED,
        "run 2",
        {"title": "waiting", "owner": "ana"},
        [("POST", "/runs/2/cancel", None), ("POST", "/api/runs/2/cancel", None)],
    ),
    (
        Act.RUN_DELETED,
        "run 1",
        {"title": "pose net", "owner": "ana"},
        [("POST", "/runs/1/delete", None), ("DELETE", "/api/runs/1", None)],
    ),
    (
        Act.FILTER_SAVED,
        "filter mine",
        {"query": "status=failed"},
        [("POST", "/filters", FILTER), ("POST", "/api/filters", FILTER)],
    ),
    (
        Act.FAILURE_STATE,
        f"failure {FINGERPRINT}",
        {"state": "fixed", "fixed_run": None},
        [
            ("POST", f"/failures/{FINGERPRINT}/state", FIXED),
            ("PATCH", f"/api/failures/{FINGERPRINT}", FIXED),
        ],
    ),
    (
        Act.SHARE_MADE,
        "share 1",
        {"of": "Run 1", "days": 7, "source": False},
        [("POST", "/share", {"run": "1", "days": "7"}), ("POST", "/api/shares", {"run": 1})],
    ),
]
WAYS = [
    pytest.param(act, subject, detail, way, id=f"{act}-{way[0]}-{way[1]}")
    for act, subject, detail, ways in ACTS
    for way in ways
]


def send(client: TestClient, method: str, path: str, given: Any) -> int:
    """The request, its body as the page or the API takes it."""
    body: dict[str, Any] = {"json" if path.startswith("/api/") else "data": given}
    return client.request(method, path, **body).status_code


@pytest.mark.parametrize(("act", "subject", "detail", "way"), WAYS)
def test_an_act_is_kept_once(
    act: Act,
    subject: str,
    detail: dict[str, Any],
    way: tuple[str, str, Any],
    ana: TestClient,
    engine: Engine,
) -> None:
    assert send(ana, *way) < 400
    (row,) = log(engine)
    assert (row.act, row.subject, row.detail) == (act, subject, detail)
    assert (row.actor, row.via, row.address) == ("ana", "login", "testclient")


def test_what_is_undone_is_kept_too(ana: TestClient, engine: Engine) -> None:
    for way in (
        ("DELETE", "/api/runs/1", None),
        ("POST", "/runs/1/restore", None),
        ("DELETE", "/api/runs/1", None),
        ("POST", "/api/runs/1/restore", None),
        ("POST", "/filters", FILTER),
        ("POST", "/filters/mine/delete", None),
        ("POST", "/filters", FILTER),
        ("DELETE", "/api/filters/mine", None),
        ("POST", "/api/shares", {"run": 1}),
        ("POST", "/shares/1/revoke", {}),
        ("DELETE", "/api/shares/1", None),  # it has ended already
    ):
        assert send(ana, *way) < 400, way
    acts = [row.act for row in log(engine)]
    assert acts == [
        *[Act.RUN_DELETED, Act.RUN_RESTORED] * 2,
        *[Act.FILTER_SAVED, Act.FILTER_DELETED] * 2,
        *[Act.SHARE_MADE, Act.SHARE_REVOKED],
    ]


@pytest.mark.parametrize(
    "way",
    [
        ("DELETE", "/api/runs/2", None),  # it has not ended
        ("POST", "/runs/1/cancel", None),  # it has
        ("POST", "/runs/1/restore", None),  # it was not deleted
        ("PATCH", "/api/runs/1", {"tags": ["ok", "not a tag"]}),
        ("PATCH", "/api/runs/1", {}),
        ("POST", "/filters", {"name": "?", "query": "status=failed"}),
        ("POST", "/share", {"run": "1", "days": "never"}),
        ("PATCH", f"/api/failures/{FINGERPRINT}", {"state": "fixed", "fixed_run": 1}),
    ],
)
def test_what_was_not_done_is_not_kept(
    way: tuple[str, str, Any], ana: TestClient, engine: Engine
) -> None:
    assert send(ana, *way) != 404
    assert log(engine) == []
