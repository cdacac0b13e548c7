"""Graphs, runtimes, examples, health and figures over HTTP."""

from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import (
    Verdict,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import seeding


def test_a_graph_is_its_document_or_its_code(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.graph("g", "def forward(self):\n    return ()\n")
    document = client.get("/api/graphs/1")
    assert document.headers["content-type"] == "application/json"
    assert [node["name"] for node in document.json()["nodes"]] == ["image", "relu", "output"]
    code = client.get("/api/graphs/1?format=text")
    assert code.headers["content-type"] == "text/plain; charset=utf-8"
    assert code.text == "def forward(self):\n    return ()\n"
    assert client.get("/api/graphs/1?format=xml").status_code == 422


def test_runtimes_are_listed(client: TestClient) -> None:
    assert client.get("/api/runtimes").json() == {
        "runtimes": [{"name": "default", "default": True}]
    }


def test_examples_promise_a_verdict_and_can_be_read(client: TestClient) -> None:
    examples = client.get("/api/examples").json()["examples"]
    assert len(examples) >= 6
    for example in examples:
        assert example["verdict"]
        assert example["title"]
        source = client.get(example["url"])
        assert source.text == Path(f"examples/{example['name']}.py").read_text()
    broken = next(e for e in examples if e["name"] == "pose_hrnet_broken")
    assert (broken["verdict"], broken["category"]) == ("partly", "data_dependent_branch")


def test_whether_it_lives_and_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def test_metrics_count_runs_and_the_queue(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run()
        seed.run(runtime='odd"one\\')
        seed.finished(Verdict.EXPORTED)
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'stagelight_runs{status="queued"} 2' in lines
    assert 'stagelight_runs{status="finished"} 1' in lines
    assert 'stagelight_runs{status="failed"} 0' in lines
    assert 'stagelight_queue_length{runtime="default"} 1' in lines
    assert 'stagelight_queue_length{runtime="odd\\"one\\\\"} 1' in lines
