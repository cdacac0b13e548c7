"""What people send by the pages' forms, with and without JavaScript."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.services.options import RunOptions
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import SCRIPT, seeding


def test_a_pasted_script_is_run(client: TestClient, store: BlobStore) -> None:
    answer = client.post("/runs", data={"pasted": "a = 1\r\nb = 2\r\n", "title": "mine"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs/1")
    run = client.get("/api/runs/1").json()
    assert (run["title"], run["script"]["filename"]) == ("mine", "pasted.py")
    assert store.get(run["script"]["sha256"]) == b"a = 1\nb = 2\n"


def test_pasted_text_may_be_as_large_as_a_file(client: TestClient, settings: Settings) -> None:
    fits = "x" * settings.script_bytes
    assert client.post("/runs", data={"pasted": fits}, files={"none": b""}).status_code == 303
    answer = client.post("/runs", data={"pasted": fits + "x"}, files={"none": b""})
    assert answer.status_code == 413


def test_the_form_reads_options_as_people_write_them(client: TestClient) -> None:
    fields = {
        "argv": "--name 'two words' --size 64",
        "call": "2",
        "strict": "true",
        "device": "as_written",
        "stages": "backbone: encoder\nhead: a.b, c.*\n\nhead: d\n",
        "dynamic_shapes": '{"x": {"0": "batch"}}',
        "runtime": "default",
    }
    answer = client.post("/runs", data=fields, files={"script": ("m.py", SCRIPT)})
    assert answer.status_code == 303
    assert client.get("/api/runs/1").json()["options"] == {
        "argv": ["--name", "two words", "--size", "64"],
        "call": 2,
        "strict": True,
        "device": "as_written",
        "stages": {"backbone": ["encoder"], "head": ["a.b", "c.*", "d"]},
        "dynamic_shapes": {"x": {"0": "batch"}},
        "remedies": True,
        "dynamic": True,
        "draft": False,
        "onnx": False,
    }


@pytest.mark.parametrize(
    ("after", "chosen"),
    [
        (["", "onnx", "remedies"], {"remedies", "onnx"}),
        ([""], set()),  # a form whose every box is empty
        (None, {"remedies", "dynamic"}),  # a form without them
    ],
)
def test_what_is_tried_after_the_verdict_is_chosen_by_boxes(
    after: list[str] | None, chosen: set[str], client: TestClient
) -> None:
    boxes = {} if after is None else {"after": after}
    client.post("/runs", data={"pasted": "a = 1"} | boxes)
    options = client.get("/api/runs/1").json()["options"]
    assert {name for name in ("remedies", "dynamic", "draft", "onnx") if options[name]} == chosen
    html = client.get("/runs/1/rerun").text
    found = re.findall(r'type="checkbox" name="after" value="(\w+)"( checked)?', html)
    assert {name for name, checked in found if checked} == chosen
    assert len(found) == 4


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"argv": "'open"}, "The arguments cannot be read"),
        ({"call": "two"}, "Option call"),
        ({"strict": "maybe"}, "Strict cannot be"),
        ({"stages": "backbone: a\nb"}, "mix lines with a role"),
        ({"stages": "brain: a"}, "'brain' is no role"),
        ({"dynamic_shapes": "{x}"}, "The dynamic shapes are not JSON"),
        ({"title": "x" * 300}, "The title has 300 characters"),
        ({"runtime": "nope"}, "There is no runtime 'nope'"),
        ({"pasted": "y = 1"}, "a chosen file and also pasted text"),
    ],
)
def test_an_error_is_shown_at_the_form_with_what_was_entered(
    fields: dict[str, str], says: str, client: TestClient
) -> None:
    entered = {"entry": "m.py", "pasted": "", **fields}
    answer = client.post("/runs", data=entered, files={"script": ("m.py", SCRIPT)})
    assert answer.status_code == 422
    html = unescape(answer.text)
    assert says in html
    for name, value in entered.items():
        if name not in ("strict", "runtime"):
            assert value in html, name
    assert client.get("/api/runs").json()["runs"] == []


def test_a_form_without_a_script_says_what_to_do(client: TestClient) -> None:
    answer = client.post("/runs", data={"title": "kept"}, files={"script": ("", b"")})
    assert answer.status_code == 422
    assert "No script was chosen." in answer.text
    assert 'value="kept"' in answer.text


def test_htmx_is_sent_on_by_its_own_header(client: TestClient) -> None:
    headers = {"HX-Request": "true"}
    answer = client.post("/runs", data={"pasted": "a = 1"}, headers=headers)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/runs/1")
    refused = client.post("/runs", data={}, headers=headers)
    assert refused.status_code == 422
    assert '<div id="problem"' in refused.text


def test_an_example_is_one_click(client: TestClient) -> None:
    answer = client.post("/runs", data={"example": "pose_hrnet_broken"})
    assert answer.status_code == 303
    run = client.get("/api/runs/1").json()
    assert run["script"]["filename"] == "pose_hrnet_broken.py"
    assert run["title"].startswith("HRNet pose")
    assert client.post("/runs", data={"example": "../app/main"}).status_code == 404


def test_the_rerun_form_has_the_runs_plan_and_options(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    options = RunOptions(argv=["--size", "6 4"], call=2, strict=False)
    with seeding(engine, store, settings) as seed:
        seed.partly("HRNet", options=options)
    html = unescape(client.get("/runs/1/rerun").text)
    assert 'name="title" value="HRNet"' in html
    assert 'value="auto" checked' in html
    assert "backbone: backbone</textarea>" in html
    assert "value=\"--size '6 4'\"" in html
    assert 'name="call" value="2"' in html
    assert '<option value="false" selected>' in html


def test_a_rerun_keeps_the_plan_automatic_or_takes_the_edited_one(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly("HRNet")
    fields = {"title": "again", "stages": "backbone: backbone.body", "entry": "model.py"}
    assert client.post("/runs/1/rerun", data=fields | {"plan": "auto"}).status_code == 303
    answer = client.post("/runs/1/rerun", data=fields | {"plan": "manual"})
    assert answer.headers["location"] == "/runs/3"
    automatic, edited = (client.get(f"/api/runs/{n}").json() for n in (2, 3))
    assert automatic["options"]["stages"] is None
    assert edited["options"]["stages"] == {"backbone": ["backbone.body"]}
    assert automatic["parent"] == edited["parent"] == 1
    html = client.get("/runs/3/rerun").text
    assert 'value="manual" checked' in html
    assert "backbone: backbone.body</textarea>" in html


def test_an_error_of_the_rerun_is_shown_at_its_form(client: TestClient) -> None:
    client.post("/runs", data={"pasted": "a = 1"})
    answer = client.post("/runs/1/rerun", data={"dynamic_shapes": "{", "title": "kept"})
    assert answer.status_code == 422
    assert "The dynamic shapes are not JSON" in answer.text
    assert 'value="kept"' in answer.text


def test_renaming_cancelling_and_deleting_by_plain_forms(client: TestClient) -> None:
    client.post("/runs", data={"pasted": "a = 1"})
    assert client.post("/runs/1/title", data={"title": "new"}).headers["location"] == "/runs/1"
    assert client.get("/api/runs/1").json()["title"] == "new"
    assert client.post("/runs/1/delete").status_code == 409
    assert client.post("/runs/1/cancel").headers["location"] == "/runs/1"
    assert client.post("/runs/1/cancel").status_code == 409
    assert client.post("/runs/1/delete").headers["location"] == "/?deleted=1"
    assert client.get("/runs/1").status_code == 404
