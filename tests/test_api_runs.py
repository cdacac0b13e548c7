"""Runs over JSON: a run, a stage, the history, the log."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import (
    Category,
    ReplayStatus,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import replay, seeding, submit


def test_a_run_tells_all_that_the_design_promises(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        note = {"type": "note", "code": "cuda_mapped", "message": "cuda became cpu"}
        seed.partly("HRNet", notes=[note], sandbox="filters")
    run = client.get("/api/runs/1").json()
    assert run.keys() == {
        "id", "url", "title", "status", "verdict", "reason", "script", "runtime", "options",
        "sandbox", "parent", "owner", "created_at", "started_at", "whole_at", "finished_at",
        "cancel_requested", "coverage", "loaded", "eager", "plan", "stages", "blockers",
        "remedies", "following", "search", "failure", "notes", "tags", "pin", "note",
    }  # fmt: skip
    assert (run["status"], run["verdict"], run["sandbox"]) == ("finished", "partly", "filters")
    assert (run["owner"], run["parent"]) == (None, None), "a row from before runs had an owner"
    assert run["coverage"]["parameters_exported"] == 75
    assert run["eager"].keys() == {"seconds", "peak_rss_bytes", "inputs", "outputs"}
    assert run["plan"][0]["why"] == "its attribute is named backbone"
    assert run["notes"] == [{"code": "cuda_mapped", "message": "cuda became cpu"}]
    assert run["created_at"].endswith("Z")
    first, second, whole = run["stages"]
    assert first == {
        "n": 1,
        "name": "part1",
        "kind": "component",
        "component": "backbone",
        "role": "backbone",
        "status": "passed",
        "reason": "",
        "seconds": 0.25,
        "graph": 1,
        "nodes": 1,
        "replay": "equal",
        "max_abs": 0.0,
        "max_rel": 0.0,
        "replay_why": None,
        "file": None,
        "guards": 1,
        "failure": None,
    }
    assert (second["status"], second["graph"], second["guards"]) == ("failed", None, 0)
    assert second["failure"]["category"] == "data_dependent_branch"
    assert "stack" not in second["failure"]
    assert run["failure"]["stage"] == whole["n"] == 3
    assert {"category", "file", "line", "message", "hint"} <= run["failure"].keys()
    assert run["failure"]["source"] == {
        "file": "model.py",
        "first": 7,
        "lines": ["y = x", "if x > 0:", "    z = 1"],
    }
    assert run["blockers"] == [
        {
            "category": "data_dependent_branch",
            "exception": "torch.GuardOnDataDependentSymNode",
            "message": "Could not guard on Eq(u0, 1).\n\nMore of it.",
            "hint": "Use torch.where.",
            "file": "model.py",
            "line": 8,
            "function": "forward",
            "text": "if x > 0:",
            "module": "decode",
            "expression": "Eq(u0, 1)",
            "births": [],
            "value": "",
            "upload_file": None,
            "upload_line": None,
            "position": 1,
            "occurrences": [],
            "behind": False,
            "bypass": "",
            "jumped": None,
            "fingerprint": None,
            "remedies": [],
            "repro_status": None,
        }
    ]
    assert run["search"] is None


def test_a_runs_own_failure_comes_before_its_stages(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.SCRIPT_ERROR, loaded=None, eager=None)
        seed.failure(run, seed.stage(run, 1, StageStatus.FAILED, StageKind.WHOLE))
        seed.failure(run, category=Category.EAGER_ERROR, message="it fails by itself")
    answer = client.get("/api/runs/1").json()
    assert answer["failure"]["category"] == "eager_error"
    assert answer["failure"]["stage"] is None
    assert answer["loaded"] is None
    assert answer["eager"] is None


def test_a_stage_tells_all_of_itself(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.partly()
        different = replay(ReplayStatus.DIFFERENT, "inf")
        seed.stage(run, 4, replay=ReplayStatus.DIFFERENT, replay_detail=different)
    passed = client.get("/api/runs/1/stages/1").json()
    assert passed["guards"] == [
        {
            "kind": "specialisation",
            "expression": "Eq(s0, 8)",
            "meaning": "image.shape[0] == 8",
            "file": "model.py",
            "line": 8,
            "text": "",
            "framework": "",
            "silent": False,
        }
    ]
    assert passed["inputs"][0]["shape"] == ["s0", 3]
    assert (passed["run"], passed["failure"], passed["graph"]) == (1, None, 1)
    failed = client.get("/api/runs/1/stages/3").json()
    assert [frame["where"] for frame in failed["failure"]["frames"]] == [
        "upload",
        "torch",
        "upload",
    ]
    assert failed["failure"]["stack"].startswith("Traceback")
    differs = client.get("/api/runs/1/stages/4").json()
    assert (differs["replay"], differs["max_abs"]) == ("different", "inf")
    assert differs["replay_detail"]["cases"][0]["sizes"] == {"batch": 3}


@pytest.mark.parametrize(
    "path",
    [
        "/api/runs/9",
        "/api/runs/x",
        "/api/runs/0",
        f"/api/runs/{2**70}",
        "/api/runs/1/stages/9",
        "/api/runs/1/blockers/1",
        "/api/runs/1/blockers/x",
        "/api/runs/9/blockers/1",
        "/api/runs/9/modules",
        "/api/runs/9/log",
        "/api/runs/9/events",
        "/api/graphs/9",
        "/api/examples/nope",
    ],
)
def test_what_does_not_exist_is_not_found(path: str, client: TestClient) -> None:
    submit(client)
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_history_is_listed_newest_first_and_paged(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for n in range(5):
            seed.run(f"run {n}")
    first = client.get("/api/runs?limit=2").json()
    assert [run["title"] for run in first["runs"]] == ["run 4", "run 3"]
    second = client.get(f"/api/runs?limit=2&cursor={first['next']}").json()
    assert [run["title"] for run in second["runs"]] == ["run 2", "run 1"]
    last = client.get(f"/api/runs?limit=2&cursor={second['next']}").json()
    assert ([run["title"] for run in last["runs"]], last["next"]) == (["run 0"], None)


def test_the_history_is_filtered(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run("queued", source=b"a = 1")
        seed.partly("partly")
        seed.finished(Verdict.EXPORTED, title="exported", runtime="torch-2.14")

    def titles(query: str) -> list[str]:
        return [run["title"] for run in client.get(f"/api/runs?{query}").json()["runs"]]

    assert titles("status=queued") == ["queued"]
    assert titles("verdict=partly") == ["partly"]
    assert titles("runtime=torch-2.14") == ["exported"]
    sha256 = client.get("/api/runs/1").json()["script"]["sha256"]
    assert titles(f"script={sha256}") == ["queued"]
    assert titles("status=finished&verdict=exported") == ["exported"]
    assert client.get("/api/runs?status=asleep").status_code == 422


def test_the_history_says_how_far_and_what_stops_it(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.partly()
        seed.stage(run, 4, StageStatus.PENDING)
    (head,) = client.get("/api/runs").json()["runs"]
    assert head["stages"] == {"total": 4, "done": 3, "passed": 1, "failed": 2}
    assert (head["failure"]["file"], head["failure"]["line"]) == ("model.py", 8)
    assert head["replay"] == "not_run"
    assert head["sandbox"] is None


def test_the_log_is_plain_text_without_terminal_controls(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.run()
        seed.log(run, "a \x1b[31mred\x1b[0m line\n10%\r50%\r100%\n<b>\x07\u202e\n", dropped=1234)
    answer = client.get("/api/runs/1/log")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == (
        "a red line\n100%\n<b>\u2407\u2039U+202E\u203a\n[1,234 more bytes were not kept]\n"
    )


def test_a_run_without_a_log_has_an_empty_one(client: TestClient) -> None:
    submit(client)
    answer = client.get("/api/runs/1/log")
    assert (answer.status_code, answer.text) == (200, "")
