"""Runs over JSON: made, listed, read, repeated, renamed, cancelled, deleted."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select
from sqlmodel import SQLModel

from app.db import read_scope
from app.models import (
    Category,
    Component,
    Failure,
    Graph,
    Guard,
    ReplayStatus,
    Run,
    RunEvent,
    RunLog,
    RunStatus,
    Script,
    Stage,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import SCRIPT, make_zip, replay, seeding


def submit(
    client: TestClient, script: bytes = SCRIPT, name: str = "model.py", **fields: str
) -> Any:
    """Upload a script; the answer."""
    return client.post("/api/runs", files={"script": (name, script)}, data=fields)


def rows(engine: Engine, table: type[SQLModel]) -> int:
    """How many rows a table has."""
    with read_scope(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def blobs(settings: Settings) -> list[str]:
    """Names of the stored uploads."""
    return [path.name for path in (settings.data / "scripts").rglob("*") if path.is_file()]


def test_a_script_is_uploaded_and_queued(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    answer = submit(client, title="  My\tmodel ", options='{"call": 2, "argv": ["--x"]}')
    assert answer.status_code == 201
    assert answer.json() == {"id": 1, "url": "/runs/1", "status": "queued"}
    assert answer.headers["location"] == "/api/runs/1"
    run = client.get("/api/runs/1").json()
    assert run["title"] == "My model"
    assert run["options"] == {
        "argv": ["--x"],
        "call": 2,
        "device": "auto",
        "strict": None,
        "stages": None,
        "dynamic_shapes": None,
    }
    assert (run["runtime"], run["status"], run["verdict"]) == ("default", "queued", None)
    assert run["script"]["entry"] == run["script"]["filename"] == "model.py"
    assert run["script"]["size"] == len(SCRIPT)
    assert blobs(settings) == [run["script"]["sha256"]]
    assert BlobStore(settings.data / "scripts").get(run["script"]["sha256"]) == SCRIPT
    assert rows(engine, Run) == rows(engine, Script) == 1


def test_a_title_is_the_files_name_unless_given(client: TestClient) -> None:
    submit(client, name="pose.py")
    assert client.get("/api/runs/1").json()["title"] == "pose.py"


def test_the_same_bytes_are_stored_once(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    for name in ("a.py", "b.py"):
        assert submit(client, name=name).status_code == 201
    assert (rows(engine, Run), rows(engine, Script), len(blobs(settings))) == (2, 1, 1)
    assert [run["script"]["entry"] for run in client.get("/api/runs").json()["runs"]] == [
        "b.py",
        "a.py",
    ]


def test_an_archive_names_its_entry(client: TestClient) -> None:
    data = make_zip({"proj/train.py": "x = 1", "proj/run.py": "y = 2"})
    assert submit(client, data, "proj.zip").json()["error"]["code"] == "entry_ambiguous"
    assert submit(client, data, "proj.zip", entry=" proj/run.py ").status_code == 201
    script = client.get("/api/runs/1").json()["script"]
    assert (script["kind"], script["entry"]) == ("zip", "proj/run.py")


@pytest.mark.parametrize(
    ("script", "name", "fields", "status", "code"),
    [
        (b"", "model.py", {}, 422, "empty"),
        (b"\xff", "model.py", {}, 422, "not_utf8"),
        (b"x", "model.pt", {}, 422, "wrong_kind"),
        (b"x" * (2**21 + 1), "model.py", {}, 413, "too_large"),
        (SCRIPT, "model.py", {"runtime": "torch-9"}, 422, "unknown_runtime"),
        (SCRIPT, "model.py", {"options": "{"}, 422, "bad_options"),
        (SCRIPT, "model.py", {"options": '{"draft": true}'}, 422, "bad_options"),
        (SCRIPT, "model.py", {"title": "x" * 201}, 422, "bad_title"),
        (SCRIPT, "model.py", {"entry": "other.py"}, 422, "entry_not_found"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    script: bytes,
    name: str,
    fields: dict[str, str],
    status: int,
    code: str,
    client: TestClient,
    engine: Engine,
    settings: Settings,
) -> None:
    answer = submit(client, script, name, **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (rows(engine, Run), rows(engine, Script), blobs(settings)) == (0, 0, [])


def test_an_upload_without_a_file_says_so(client: TestClient) -> None:
    answer = client.post("/api/runs", data={"title": "x"})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "Body: script is missing."


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"draft": True}, "draft: not available yet"),
        ({"callz": 1}, "no option 'callz'"),
        ({"call": 0}, "Option call: Input should be greater than or equal to 1"),
        ({"device": "tpu"}, "Option device"),
        ({"strict": "perhaps"}, "Option strict"),
        ({"stages": ["a b"]}, "'a b' is no module path"),
        ({"stages": {"brain": "x"}}, "'brain' is no role"),
        ({"stages": 4}, "must be a list of module paths"),
        ({"argv": ["a\0b"]}, "Option argv"),
        ({"dynamic_shapes": 4}, "must be a list (by position)"),
        ({"dynamic_shapes": {"x": 4}}, "4 is no input"),
        ({"dynamic_shapes": {"x": {"0": {"min": 2}}}}, "needs a name"),
        ({"dynamic_shapes": {"x": {"0": {"name": "AUTO"}}}}, "needs a name"),
        ({"dynamic_shapes": {"x": {"0": "2*b"}}}, "dimension 0: write a name"),
        ({"dynamic_shapes": {"x": {"0": {"name": "b", "min": 9, "max": 4}}}}, "min 9 is larger"),
        ({"dynamic_shapes": {"x": {"0": {"name": "b", "max": 1.5}}}}, "whole numbers"),
        ({"dynamic_shapes": {"x": {"0": {"name": "b", "maximum": 4}}}}, "'maximum' is not one of"),
        ({"dynamic_shapes": [[[[[[[[[[]]]]]]]]]]}, "nested deeper"),
        ({"argv": ["x" * 3_000] * 9}, "longer than"),
        ([], "must be a JSON object"),
    ],
)
def test_options_that_make_no_sense_are_named(
    options: object, says: str, client: TestClient
) -> None:
    error = submit(client, options=json.dumps(options)).json()["error"]
    assert error["code"] == "bad_options"
    assert says in error["message"]


@pytest.mark.parametrize(
    "options",
    [
        {"stages": ["backbone", "heads.*"]},
        {"stages": {"backbone": "encoder", "head": ["a.b", "c[0-2].d"]}},
        {"dynamic_shapes": [{"0": "batch", "-1": None}, None]},
        {"dynamic_shapes": {"video": {"2": {"name": "time", "min": 4, "max": 64}}, "more": [{}]}},
        {"dynamic_shapes": {"x": {"0": "AUTO", "1": "DYNAMIC", "2": "STATIC"}}},
        {"strict": False, "device": "as_written", "call": 3},
        {},
    ],
)
def test_options_are_kept_as_given(options: dict[str, Any], client: TestClient) -> None:
    assert submit(client, options=json.dumps(options)).status_code == 201
    kept = client.get("/api/runs/1").json()["options"]
    assert {key: kept[key] for key in options} == options


def test_a_run_tells_all_that_the_design_promises(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        note = {"type": "note", "code": "cuda_mapped", "message": "cuda became cpu"}
        seed.partly("HRNet", notes=[note])
    run = client.get("/api/runs/1").json()
    assert run.keys() == {
        "id", "url", "title", "status", "verdict", "reason", "script", "runtime", "options",
        "sandbox", "parent", "owner", "created_at", "started_at", "whole_at", "finished_at",
        "cancel_requested", "coverage", "loaded", "eager", "plan", "stages", "blockers",
        "failure", "notes",
    }  # fmt: skip
    assert (run["status"], run["verdict"], run["sandbox"]) == ("finished", "partly", "off")
    assert (run["owner"], run["parent"]) == (None, None)
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
            "file": "model.py",
            "line": 8,
            "module": "decode",
            "expression": "Eq(u0, 1)",
            "message": "Could not guard on Eq(u0, 1).\n\nMore of it.",
            "stage": 3,
            "fingerprint": None,
            "remedies": [],
        }
    ]


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


def test_the_store_says_when_a_script_is_gone(client: TestClient, settings: Settings) -> None:
    submit(client)
    for path in (settings.data / "scripts").rglob("*"):
        if path.is_file():
            path.unlink()
    answer = client.post("/api/runs/1/rerun")
    assert answer.status_code == 404
    assert "not in the store" in answer.json()["error"]["message"]


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
