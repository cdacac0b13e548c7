"""Blockers, the search for them and the modules' fates over JSON."""

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import Category, RunStatus, Search, StageKind, StageStatus, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import EAGER, count_queries, id_of, seeding


def test_a_run_tells_all_blockers_in_order_without_their_frames(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.searched(3, Search.STUCK, reason="Nothing is left to bypass.")
    run = client.get("/api/runs/1").json()
    assert run["search"] == {"complete": "stuck", "reason": "Nothing is left to bypass."}
    assert [(one["position"], one["line"]) for one in run["blockers"]] == [(1, 8), (2, 9), (3, 10)]
    first, second, _ = run["blockers"]
    assert first["occurrences"] == [
        {"module": f"blocks.{n}", "file": "model.py", "line": 8, "calls": 2} for n in range(2)
    ]
    assert first["births"][0]["symbol"] == "u0"
    assert first["births"][0]["frame"]["line"] == 40
    assert (first["value"], first["behind"], second["behind"]) == ("True", False, True)
    assert (first["fingerprint"], first["remedies"]) == (None, [])
    assert not {"frames", "source", "stack"} & first.keys()


def test_a_blocker_tells_all_of_itself(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.searched(2)
    listed = client.get("/api/runs/1").json()["blockers"][1]
    full = client.get("/api/runs/1/blockers/2").json()
    assert full.items() >= listed.items()
    assert [frame["where"] for frame in full["frames"]] == ["upload", "torch", "upload"]
    assert full["source"]["lines"][1] == "if x > 0:"
    assert full["stack"].startswith("Traceback")
    assert client.get("/api/runs/1/blockers/3").status_code == 404


def test_without_a_search_the_failure_of_the_whole_stands_for_them(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    (only,) = client.get("/api/runs/1").json()["blockers"]
    full = client.get("/api/runs/1/blockers/1").json()
    assert full.items() >= only.items()
    assert (only["position"], full["stack"][:9]) == (1, "Traceback")
    assert client.get("/api/runs/1/blockers/2").status_code == 404


def test_a_run_whose_script_fails_has_no_blockers(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.failure(seed.finished(Verdict.SCRIPT_ERROR, eager=None))
    assert client.get("/api/runs/1").json()["blockers"] == []
    assert client.get("/api/runs/1/blockers/1").status_code == 404


def test_a_stage_takes_the_value_of_the_blocker_on_its_line(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.searched(2)
        for n, given in (
            (5, {"value": "its own"}),
            (6, {"line": 99}),
            (7, {"category": Category.TENSOR_TO_PYTHON}),
        ):
            seed.failure(run, seed.stage(run, n, StageStatus.FAILED), **given)
    answer = client.get("/api/runs/1").json()
    listed = {stage["n"]: stage["failure"] for stage in answer["stages"] if stage["failure"]}
    values = {n: failure["value"] for n, failure in listed.items()}
    assert values == {2: "True", 3: "True", 5: "its own", 6: "", 7: ""}
    assert answer["failure"]["value"] == "True"
    for n, value in values.items():
        stage = client.get(f"/api/runs/1/stages/{n}").json()
        assert stage["failure"]["value"] == value, n


def test_modules_come_in_the_order_of_their_calls_each_with_its_fate(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    modules = client.get("/api/runs/1/modules").json()["modules"]
    assert [module["path"] for module in modules] == [module["path"] for module in EAGER["modules"]]
    assert modules[0] == {
        "path": "backbone",
        "class_name": "Net",
        "calls": 1,
        "parameters": 75,
        "own": 75,
        "fate": "exported",
    }
    fates = [module["fate"] for module in modules]
    assert fates == ["exported", "exported", "failed", "not_reached"]


def test_fates_are_null_until_a_child_has_ended_and_modules_none_before_eager(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run(status=RunStatus.RUNNING, eager=EAGER)
        seed.run(status=RunStatus.RUNNING)
    modules = client.get("/api/runs/1/modules").json()["modules"]
    assert [module["fate"] for module in modules] == [None] * 4
    assert client.get("/api/runs/2/modules").json() == {"modules": []}


def test_a_run_takes_the_same_number_of_queries_with_any_number_of_blockers(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        few, many = id_of(seed.searched(1)), id_of(seed.searched(20))
    counts = [
        count_queries(app, lambda run=run: client.get(f"/api/runs/{run}"))  # type: ignore[misc]
        for run in (few, many)
    ]
    assert counts[0] == counts[1]


def test_the_kinds_of_stages_past_the_blockers_are_told(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.searched(1)
        seed.stage(run, 5, kind=StageKind.PART, component="decode.conv")
    kinds = [stage["kind"] for stage in client.get("/api/runs/1").json()["stages"]]
    assert kinds == ["component", "component", "whole", "bypass", "part"]
