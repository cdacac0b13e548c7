"""Deleted runs: nowhere to be seen, brought back by undo, and gone for good after a while."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update
from sqlmodel import col, select

from app.db import session_scope
from app.models import (
    Component,
    Failure,
    Graph,
    Guard,
    Run,
    RunEvent,
    RunLog,
    RunTag,
    Script,
    Stage,
    Verdict,
)
from app.services.housekeeping import keep_house
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import blobs, id_of, rows, seeding, submit


@pytest.fixture
def pair(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """A run, and another that repeats it and has the same graph."""
    with seeding(engine, store, settings) as seed:
        first = seed.partly("first")
        seed.partly("second", parent_id=id_of(first), source=b"changed = 1")
        ones = seed.session.exec(select(Stage).where(col(Stage.n) == 1).order_by(col(Stage.id)))
        base, head = ones.all()
        head.graph_id = base.graph_id


def purge(engine: Engine, settings: Settings, hours_later: float = 25) -> list[str]:
    """What a worker removes when so many hours have passed since the deletions."""
    with session_scope(engine) as session:
        for run in session.exec(select(Run).where(col(Run.deleted_at).is_not(None))):
            assert run.deleted_at is not None
            run.deleted_at -= timedelta(hours=hours_later)
    return list(keep_house(engine, settings))


@pytest.mark.usefixtures("pair")
def test_a_deleted_run_is_nowhere(client: TestClient) -> None:
    assert client.get("/api/runs/2/changes").status_code == 200
    pairs = client.get("/api/graphs/1/pairs?stage=2.1").json()
    assert any(pair["run"] == 1 for pair in pairs["pairs"])
    assert client.delete("/api/runs/1").status_code == 204
    for path in (
        "/runs/1",
        "/runs/1/_run",
        "/runs/1/rerun",
        "/runs/1/stages/1",
        "/api/runs/1",
        "/api/runs/1/events",
        "/api/runs/1/log",
        "/api/runs/1/stages/1",
        "/api/runs/1/blockers/1",
        "/api/runs/1/modules",
    ):
        assert client.get(path).status_code == 404, path
    for method, path in (
        ("DELETE", "/api/runs/1"),
        ("PATCH", "/api/runs/1"),
        ("POST", "/api/runs/1/rerun"),
        ("POST", "/runs/1/star"),
        ("POST", "/runs/1/delete"),
    ):
        json: dict[str, str] | None = {} if method == "PATCH" else None
        assert client.request(method, path, json=json).status_code == 404, path
    assert [run["id"] for run in client.get("/api/runs").json()["runs"]] == [2]
    assert client.get("/api/runs?script=model.py&q=first").json()["runs"] == []
    timeline = client.get("/api/scripts?name=model.py").json()
    assert [(entry["run"]["id"], entry["step"]) for entry in timeline["entries"]] == [(2, None)]
    child = client.get("/api/runs/2").json()
    assert child["parent"] is None
    assert client.get("/api/compare?base=2&head=2").json()["head"]["parent"] is None
    assert client.get("/api/runs").json()["runs"][0]["parent"] is None
    assert client.get("/api/runs/2/changes").status_code == 404
    pairs = client.get("/api/graphs/1/pairs?stage=2.1").json()
    assert all(pair["run"] == 2 for pair in pairs["pairs"])


def test_a_graph_is_there_while_a_run_with_it_is(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for title, code in (("first", "own = 1"), ("second", "both = 1")):
            run = seed.finished(Verdict.PARTLY, title=title)
            stage = seed.stage(run, 1, graph_id=seed.graph(code).id)
        seed.stage(seed.finished(Verdict.PARTLY, title="third"), 1, graph_id=stage.graph_id)
    places = (
        "/graphs/{}",
        "/graphs/{}/_outline",
        "/graphs/2?base={}",
        "/graphs/2/compare?with={}",
        "/api/graphs/{}",
        "/api/graphs/{}/boxes",
        "/api/graphs/{}/pairs",
        "/api/graphs/{}/export/dot",
        "/api/graphs/compare?base={}&head=2",
    )

    def answers(graph: int) -> set[int]:
        paths = (place.format(graph) for place in places)
        return {client.get(path, follow_redirects=True).status_code for path in paths}

    assert answers(1) == answers(2) == {200}
    client.delete("/api/runs/1")
    client.delete("/api/runs/2")
    assert answers(1) == {404}
    assert answers(2) == {200}
    assert "/runs/2" not in client.get("/graphs/2").text
    client.post("/api/runs/1/restore")
    assert answers(1) == {200}


@pytest.mark.usefixtures("pair")
def test_a_restored_run_is_as_it_was(client: TestClient) -> None:
    before = client.get("/api/runs/1").json()
    client.delete("/api/runs/1")
    assert client.post("/api/runs/1/restore").json() == before
    assert client.get("/api/runs/2").json()["parent"] == 1
    assert [run["id"] for run in client.get("/api/runs").json()["runs"]] == [2, 1]
    assert [run["id"] for run in client.get("/api/runs?q=first").json()["runs"]] == [1]


@pytest.mark.usefixtures("pair")
def test_what_cannot_be_restored_says_why(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    answer = client.post("/api/runs/1/restore")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "run_not_deleted")
    client.delete("/api/runs/1")
    assert purge(engine, settings) == ["removed deleted runs for good: 1"]
    for number in (1, 99):
        answer = client.post(f"/api/runs/{number}/restore")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        assert client.post(f"/runs/{number}/restore").status_code == 404


def test_a_run_is_kept_until_its_time_is_over(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    submit(client)
    client.post("/api/runs/1/cancel")
    client.delete("/api/runs/1")
    assert purge(engine, settings, hours_later=23) == []
    assert purge(engine, settings, hours_later=2) == ["removed deleted runs for good: 1"]
    assert rows(engine, Run) == 0


def test_purging_removes_all_that_hangs_on_the_run(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    client.patch("/api/runs/1", json={"tags": ["a"]})
    client.delete("/api/runs/1")
    purge(engine, settings)
    tables = (Run, Script, Stage, Graph, Guard, Failure, Component, RunLog, RunEvent, RunTag)
    assert [table for table in tables if rows(engine, table)] == []
    assert blobs(settings) == []


def test_what_another_run_uses_stays(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        first, second = seed.partly("first"), seed.finished(Verdict.PARTLY, title="second")
        second.parent_id = first.id
        stage = seed.session.get_one(Stage, 1)
        seed.stage(second, 1, graph_id=stage.graph_id)
        graph = stage.graph_id
    client.delete("/api/runs/1")
    purge(engine, settings)
    child = client.get("/api/runs/2").json()
    assert (child["parent"], child["stages"][0]["graph"]) == (None, graph)
    assert client.get(f"/api/graphs/{graph}").status_code == 200
    assert len(blobs(settings)) == 1
    client.delete("/api/runs/2")
    purge(engine, settings)
    assert blobs(settings) == []


def test_an_undo_that_comes_between_keeps_the_run(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    submit(client)
    client.post("/api/runs/1/cancel")
    client.delete("/api/runs/1")
    client.post("/api/runs/1/restore")
    assert purge(engine, settings) == []
    with session_scope(engine) as session:
        session.execute(update(Run).values(title="still here"))
    assert client.get("/api/runs/1").json()["title"] == "still here"
