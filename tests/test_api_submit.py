"""Scripts and options over JSON: taken, or refused with a reason."""

import getpass
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import (
    Run,
    Script,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import SCRIPT, blobs, rows, submit
from tests.zip_support import make_zip


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
        "remedies": True,
        "dynamic": True,
        "draft": False,
        "onnx": False,
    }
    assert run["owner"] == getpass.getuser()
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
        (SCRIPT, "model.py", {"options": '{"draft": "perhaps"}'}, 422, "bad_options"),
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
        ({"draft": "perhaps"}, "draft: Input should be a valid boolean"),
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
