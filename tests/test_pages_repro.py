"""The small script of a blocker: on its page, as a file, over JSON."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.db import session_scope
from app.models import Blocker, RunStatus
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import seeding

TEXT = "# fails\n# torch 2\nimport torch\n\nmodel = <b>\n"
FOUND = {"status": "reproduces", "text": TEXT, "why": "", "seconds": 3.5}
NONE = {"status": "does_not", "text": "", "why": "The time for repros, 60 s, was over."}


@pytest.fixture
def keep(engine: Engine, store: BlobStore, settings: Settings) -> Any:
    """Seeds run 1 with two blockers, the first with this repro."""

    def seed(repro: dict[str, Any] | None, **values: Any) -> None:
        with seeding(engine, store, settings) as made:
            made.searched(2, **values)
        with session_scope(engine) as session:
            first(session).repro = repro

    return seed


def first(session: Session) -> Blocker:
    return session.scalars(select(Blocker).where(col(Blocker.position) == 1)).one()


def test_it_stands_on_the_page_with_its_file(client: TestClient, keep: Any) -> None:
    keep(FOUND)
    html = client.get("/runs/1/blockers/1").text
    assert "2 lines that fail with the same cause" in html
    assert "&lt;" in html
    assert "<b>" not in html.partition('id="repro"')[2].partition("</section>")[0]
    assert 'href="/runs/1/blockers/1/repro.py" download' in html
    assert 'href="/runs/1/blockers/1#repro"' in client.get("/runs/1").text


def test_its_file_can_be_had(client: TestClient, keep: Any) -> None:
    keep(FOUND)
    answer = client.get("/runs/1/blockers/1/repro.py")
    assert answer.text == TEXT
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="repro-1-1.py"'


def test_where_none_is_it_says_why(client: TestClient, keep: Any) -> None:
    keep(NONE)
    assert "No smaller script reproduces it. The time for" in client.get("/runs/1/blockers/1").text
    answer = client.get("/runs/1/blockers/1/repro.py")
    assert answer.status_code == 404
    assert NONE["why"] in answer.text
    assert "#repro" not in client.get("/runs/1").text


def test_it_comes_by_itself_while_the_run_goes_on(client: TestClient, keep: Any) -> None:
    keep(None, status=RunStatus.RUNNING)
    part = client.get("/runs/1/blockers/1/_repro").text
    assert "still to be looked for" in part
    assert 'hx-trigger="repro from:#live, end from:#live"' in part
    assert client.get("/runs/1/blockers/1/repro.py").status_code == 404


def test_json_tells_of_it_in_short_and_in_full(client: TestClient, keep: Any) -> None:
    keep(FOUND)
    brief = client.get("/api/runs/1").json()["blockers"]
    assert [one["repro_status"] for one in brief] == ["reproduces", None]
    assert "repro" not in brief[0]
    full = client.get("/api/runs/1/blockers/1").json()
    assert full["repro"] == {**FOUND}
    assert full["repro_status"] == "reproduces"
    assert client.get("/api/runs/1/blockers/2").json()["repro"] is None
