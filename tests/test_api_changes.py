"""Runs over JSON: cancelled, repeated, renamed, deleted."""

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import (
    Component,
    Failure,
    Graph,
    Guard,
    Run,
    RunEvent,
    RunLog,
    RunStatus,
    Script,
    Stage,
    Verdict,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import blobs, rows, seeding, submit


def test_cancelling(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run("queued")
        seed.run("running", status=RunStatus.RUNNING)
    assert client.post("/api/runs/1/cancel").json()["status"] == "cancelled"
    assert client.post("/api/runs/2/cancel").json()["status"] == "running"
    assert client.get("/api/runs/2").json()["cancel_requested"] is True
    again = client.post("/api/runs/1/cancel")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "run_ended")


def test_a_rerun_is_a_new_run_that_names_its_parent(client: TestClient) -> None:
    submit(client, title="first", options='{"call": 2, "strict": true}')
    answer = client.post("/api/runs/1/rerun")
    assert answer.status_code == 201
    assert answer.json() == {"id": 2, "url": "/runs/2", "status": "queued"}
    parent, child = (client.get(f"/api/runs/{n}").json() for n in (1, 2))
    assert child["parent"] == 1
    for same in ("title", "script", "runtime", "options"):
        assert child[same] == parent[same]


def test_a_rerun_may_change_options_and_title(client: TestClient) -> None:
    submit(client, options='{"call": 2, "strict": true}')
    changes = {"title": "second", "options": {"strict": None, "stages": ["body"]}}
    assert client.post("/api/runs/1/rerun", json=changes).status_code == 201
    child = client.get("/api/runs/2").json()
    assert child["title"] == "second"
    assert child["options"]["call"] == 2
    assert child["options"]["strict"] is None
    assert child["options"]["stages"] == ["body"]
    for wrong in ({"options": {"call": 0}}, {"runtime": "nope"}, {"scripts": 1}, {"entry": "b.py"}):
        assert client.post("/api/runs/1/rerun", json=wrong).status_code == 422
    assert len(client.get("/api/runs").json()["runs"]) == 2


def test_renaming(client: TestClient) -> None:
    submit(client)
    assert client.patch("/api/runs/1", json={"title": " better\nname "}).json()["title"] == (
        "better name"
    )
    assert client.patch("/api/runs/1", json={"title": ""}).json()["title"] == "model.py"
    answer = client.patch("/api/runs/1", json={"title": "x", "pin": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert "pin" in answer.json()["error"]["message"]


def test_only_an_ended_run_can_be_deleted(client: TestClient) -> None:
    submit(client)
    answer = client.delete("/api/runs/1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "run_not_ended")
    client.post("/api/runs/1/cancel")
    assert client.delete("/api/runs/1").status_code == 204
    assert client.get("/api/runs/1").status_code == 404


def test_deleting_removes_all_that_hangs_on_the_run(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    assert client.delete("/api/runs/1").status_code == 204
    for table in (Run, Script, Stage, Graph, Guard, Failure, Component, RunLog, RunEvent):
        assert rows(engine, table) == 0, table
    assert blobs(settings) == []


def test_what_another_run_uses_stays(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        first, second = seed.partly("first"), seed.finished(Verdict.PARTLY, title="second")
        second.parent_id = first.id
        graph = client_graph(seed.session.get(Stage, 1))
        seed.stage(second, 1, graph_id=graph)
    assert client.delete("/api/runs/1").status_code == 204
    child = client.get("/api/runs/2").json()
    assert child["parent"] is None
    assert child["stages"][0]["graph"] == graph
    assert client.get(f"/api/graphs/{graph}").status_code == 200
    assert len(blobs(settings)) == 1
    assert client.delete("/api/runs/2").status_code == 204
    assert blobs(settings) == []


def client_graph(stage: Stage | None) -> int:
    """The graph's id of a stage that has one."""
    assert stage is not None
    assert stage.graph_id is not None
    return stage.graph_id


def test_the_store_says_when_a_script_is_gone(client: TestClient, settings: Settings) -> None:
    submit(client)
    for path in (settings.data / "scripts").rglob("*"):
        if path.is_file():
            path.unlink()
    answer = client.post("/api/runs/1/rerun")
    assert answer.status_code == 404
    assert "not in the store" in answer.json()["error"]["message"]
