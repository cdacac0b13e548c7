"""What pages offer: to each person what they may do, and nothing else."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, update

from app.db import session_scope
from app.models import PersonRole, Run, RunStatus
from app.models.columns import utc_now
from app.services.storage import BlobStore
from app.settings import Settings
from tests.people_support import add_person, logged_in
from tests.share_support import FINGERPRINT, passed_stage, stopped_run
from tests.web_support import make_worker, seeding, text_of

PEOPLE = {"vic": PersonRole.VIEWER, "olga": PersonRole.MEMBER, "max": PersonRole.MEMBER} | {
    "ada": PersonRole.ADMIN
}
PAGES = (
    *(
        "/",
        "/?status=finished",
        "/?status=failed",
        "/?deleted=3",
        "/_history",
        "/runs/1",
        "/runs/1/_run",
        "/runs/2",
    ),
    *("/runs/1/blockers/1", "/runs/1/blockers/1/_remedies", "/runs/1/stages/5", "/shares"),
    *("/share?run=1", f"/failures/{FINGERPRINT}", "/compare?base=1&head=2", "/settings"),
)
REVIEW = {
    *("/runs", "/runs/N/star", "/runs/N/about", "/runs/N/remedies/N/run"),
    *("/share", "/filters", f"/failures/{FINGERPRINT}/state"),
    "/runs/N/comments",
}
OWN = {
    *("/runs/N/title", "/runs/N/delete", "/runs/N/cancel", "/runs/N/restore"),
    *("/shares/N/revoke", "/filters/mine/delete"),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"accounts": True})


@pytest.fixture(autouse=True)
def _team(engine: Engine, app: FastAPI, store: BlobStore, settings: Settings) -> None:
    """Olga's are run 1, which stopped, 2, which waits, and 3, deleted; a link and a filter too."""
    for name, role in PEOPLE.items():
        add_person(engine, name, role)
    with seeding(engine, store, settings) as seed:
        run = stopped_run(seed)
        passed_stage(seed, run, 5)
        run.pin = True
        seed.run("waiting", status=RunStatus.QUEUED)
        seed.partly("gone", deleted_at=utc_now())
        seed.session.add(make_worker())
    with session_scope(engine) as session:
        session.execute(update(Run).values(owner="olga", pin=col(Run.id) == 1))
    with logged_in(app, "olga") as olga:
        assert olga.post("/api/shares", json={"run": 1}).status_code == 201
        given = {"name": "Mine", "query": "status=finished"}
        assert olga.post("/api/filters", json=given).status_code == 201


def offered(client: TestClient) -> set[str]:
    """Where the forms of all pages go, numbers aside."""
    html = "".join(client.get(page).text for page in PAGES)
    forms = re.findall(r'<form[^>]* method="post" action="([^"]+)"', html)
    assert len(forms) == html.count('method="post"')
    posts = set(re.findall(r'hx-(?:post|put|patch|delete)="([^"]+)"', html))
    return {re.sub(r"/\d+\b", "/N", path) for path in {*forms, *posts}} - {"/logout"}


@pytest.mark.parametrize(
    ("name", "forms"),
    [("vic", set()), ("max", REVIEW), ("olga", REVIEW | OWN), ("ada", REVIEW | OWN)],
)
def test_a_page_offers_what_one_may_do(name: str, forms: set[str], app: FastAPI) -> None:
    with logged_in(app, name) as client:
        assert offered(client) == forms


def test_a_viewer_is_told_why(app: FastAPI) -> None:
    with logged_in(app, "vic") as client:
        home = text_of(client.get("/").text)
        assert "You are logged in as a viewer" in home
        assert "Examples" not in home
        run = client.get("/runs/1").text
        assert "Run again" not in run
        assert "Edit for another run" not in run
        assert 'href="/share?run=1"' in run, "the report's files are there to be read"
        assert "It has a star" in run
        files = text_of(client.get("/share?run=1").text)
        assert "Report of run 1" in files
        assert "Make a link" not in files


def test_settings_are_shown_to_admins_and_workers_to_all(app: FastAPI) -> None:
    for name in PEOPLE:
        with logged_in(app, name) as client:
            text = text_of(client.get("/settings").text)
            assert "host-1" in text
            assert ("STAGELIGHT_UPLOAD_BYTES" in text) is (name == "ada")
