"""Runs over JSON: cancelled, repeated, renamed, deleted."""

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import (
    RunStatus,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import seeding, submit


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
    answer = client.patch("/api/runs/1", json={"title": "x", "stars": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert "stars" in answer.json()["error"]["message"]


def test_only_an_ended_run_can_be_deleted(client: TestClient) -> None:
    submit(client)
    answer = client.delete("/api/runs/1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "run_not_ended")
    client.post("/api/runs/1/cancel")
    assert client.delete("/api/runs/1").status_code == 204
    assert client.get("/api/runs/1").status_code == 404


def test_the_store_says_when_a_script_is_gone(client: TestClient, settings: Settings) -> None:
    submit(client)
    for path in (settings.data / "scripts").rglob("*"):
        if path.is_file():
            path.unlink()
    answer = client.post("/api/runs/1/rerun")
    assert answer.status_code == 404
    assert "not in the store" in answer.json()["error"]["message"]
