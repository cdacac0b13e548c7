"""The pages as a browser without JavaScript gets them."""

import re
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.graphs.render import LINES
from app.models import (
    Category,
    GuardKind,
    ReplayStatus,
    RunStatus,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.options import RunOptions
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import SCRIPT, count_queries, id_of, replay, seeding


def text_of(html: str) -> str:
    """What a person reads: without tags, white space folded."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture
def get(client: TestClient) -> Any:
    """Fetches a page that must be there; its text."""

    def fetch(path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return text_of(answer.text)

    return fetch


def test_the_first_page_offers_upload_gallery_and_history(get: Any, client: TestClient) -> None:
    text = get("/")
    for words in ("Choose a .py or .zip", "Paste instead", "Options", "No runs yet"):
        assert words in text
    html = client.get("/").text
    assert 'action="/runs" enctype="multipart/form-data"' in html
    assert html.count('name="example"') >= 6


def test_the_history_shows_each_kind_of_run(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run("waits")
        running = seed.run("works", status=RunStatus.RUNNING)
        seed.stage(running, 1)
        seed.stage(running, 2, StageStatus.RUNNING)
        seed.partly("some of it")
        seed.run("broke", status=RunStatus.FAILED, reason="worker lost twice")
        seed.finished(Verdict.EXPORTED, title="good")
    text = get("/")
    order = [text.index(title) for title in ("good", "broke", "some of it", "works", "waits")]
    assert order == sorted(order)
    for words in (
        "queued waits",
        "running works",
        "1/2",
        "partly some of it data-dependent branch at model.py:8",
        "failed broke worker lost twice",
    ):
        assert words in text


def test_the_history_is_filtered_and_paged(
    get: Any, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for n in range(31):
            seed.run(f"run-{n:02}", source=b"a = 1")
        seed.partly("the partly one")
    text = get("/?verdict=partly")
    assert "the partly one" in text
    assert "run-" not in text
    assert "No run matches this filter" in get("/?verdict=blocked")
    html = client.get("/?status=queued").text
    (older,) = re.findall(r'href="(/\?status=queued&amp;before=\d+)"', html)
    assert "run-00" not in html
    last = get(unescape(older))
    assert "run-00" in last
    assert "Older runs" not in last


def test_the_history_refreshes_itself_only_while_something_goes_on(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.finished(Verdict.EXPORTED)
    assert "every 2s" not in client.get("/").text
    with seeding(engine, store, settings) as seed:
        seed.run("waits")
    assert "every 2s" in client.get("/").text
    part = client.get("/_history?verdict=exported").text
    assert part.lstrip().startswith('<div id="history"')
    assert "waits" not in part


def test_a_run_says_the_sentence_first_then_the_line_then_the_rest(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        note = {"type": "note", "code": "cuda_mapped", "message": "cuda became cpu"}
        seed.partly("HRNet", notes=[note])
    text = get("/runs/1")
    landmarks = [
        "HRNet",
        "The whole model does not export, stopped by a Python branch on a tensor's value at "
        "model.py:8; 1 of 2 components does (part1).",
        "This run was not sandboxed",
        "Data-dependent branch at model.py:8",
        "module decode",
        "if x > 0 :",
        "Could not guard on Eq(u0, 1).",
        "Use torch.where.",
        "Stages",
        "whole model",
        "Plan",
        "its attribute is named backbone",
        "Notes",
        "cuda became cpu",
        "Model",
        "1.28 M",
        "float32[s0, 3]",
        "Options and environment",
        "2.13.0",
        "Run log",
        "hello",
    ]
    place = 0
    for words in landmarks:
        place = text.index(words, place)
    assert "75 % of parameters, 6 of 8 calls" in text
    assert "Cancel" not in text


def test_the_culprit_line_is_marked(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    for path in ("/runs/1", "/runs/1/stages/3"):
        (lit,) = re.findall(r'<span class="line lit" id="S(\d+)">(.*?)\n', client.get(path).text)
        assert lit[0] == "8"
        assert text_of(lit[1]) == "8 if x > 0 :"


def test_a_sandboxed_run_shows_no_notice(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.finished(Verdict.EXPORTED, sandbox="sealed")
        seed.run("queued: nothing ran yet")
    assert "not sandboxed" not in get("/runs/1")
    assert "not sandboxed" not in get("/runs/2")


def test_a_script_error_shows_its_frames_on_the_run_itself(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.SCRIPT_ERROR, loaded=None, eager=None, coverage=None)
        seed.failure(
            run,
            category=Category.SCRIPT_ERROR,
            exception="ModuleNotFoundError",
            message="No module named 'timm'",
        )
    text = get("/runs/1")
    assert "The script fails before there is anything to export: ModuleNotFoundError at" in text
    assert "No module named 'timm'" in text
    assert "Frames, outermost first upload 1 frame" in text
    assert "The run ended before stages were planned." in text


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_a_run_that_goes_on_can_be_followed_and_cancelled(
    status: RunStatus, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run(status=status)
    html = client.get("/runs/1").text
    assert 'hx-sse:connect="/api/runs/1/events?after=0"' in html
    assert 'action="/runs/1/cancel"' in html
    part = client.get("/runs/1/_run").text
    assert part.lstrip().startswith('<div id="run"')
    assert "<html" not in part
    assert client.get("/runs/1/_log").text.lstrip().startswith('<section id="log"')


def test_an_ended_run_is_not_followed(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    for path in ("/runs/1", "/runs/1/_run", "/runs/1/_log", "/runs/1/stages/1"):
        html = client.get(path).text
        assert "hx-sse:" not in html
        assert "hx-get" not in html


def test_a_stage_shows_code_guards_specs_and_replay(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        seed.stage(run, 1, name="backbone")
        detail = replay(ReplayStatus.DIFFERENT, 0.03125)
        stage = seed.stage(run, 2, name="neck", replay=ReplayStatus.DIFFERENT, replay_detail=detail)
        seed.guard(stage, kind=GuardKind.GUARD, silent=True, framework="symbolic_shapes.py:1 in f")
        seed.stage(run, 3, StageStatus.PASSED, StageKind.WHOLE)
    text = get("/runs/1/stages/2")
    for words in (
        "differs component",
        "export took 250 ms",
        "image float32[s0, 3]",
        "Replay: different",
        "batch = 3",
        "0.0312",
        "Guards 1",
        "silent image.shape[0] == 8 Eq(s0, 8) model.py:8 symbolic_shapes.py:1 in f",
        "FX code",
        "def forward ( self , image):",
        "backbone",
        "whole model",
        "Run log",
    ):
        assert words in text, words


def test_a_failed_stage_shows_frames_by_where_they_are(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    html = client.get("/runs/1/stages/3").text
    folds = re.findall(r'<details class="fold"( open)?>\s*<summary>(.*?)</summary>', html)
    assert [(bool(opened), text_of(summary)) for opened, summary in folds] == [
        (False, "The rest of the message"),
        (True, "upload 1 frame"),
        (False, "torch 1 frame"),
        (True, "upload 1 frame"),
        (False, "The traceback as Python prints it"),
    ]


def test_a_skipped_stage_says_why(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.run(status=RunStatus.FAILED, reason="out of memory")
        seed.stage(run, 1, StageStatus.SKIPPED, reason="the run failed before it")
    assert "skipped part1 the run failed before it" in get("/runs/1")
    assert "the run failed before it" in get("/runs/1/stages/1")


def test_a_graph_shows_facts_code_and_its_stages(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly("HRNet")
    text = get("/graphs/1")
    for words in (
        "Operations 1",
        "Nodes 3",
        "1 user input",
        "run 1, part1",
        "aten.relu.default",
        "s0 2 to int_oo · image.shape[0]",
        "def forward",
    ):
        assert words in text, words


def test_very_long_code_is_cut_with_a_way_to_the_rest(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        code = "\n".join(f"x{n} = {n}" for n in range(50_000))
        seed.stage(run, 1, graph_id=seed.graph("long", code).id)
    html = client.get("/runs/1/stages/1").text
    assert html.count('<span class="line"') == LINES
    assert "The first 1,000 lines; all of it is in the plain text." in text_of(html)
    assert client.get("/api/graphs/1?format=text").text == code


def test_a_long_log_shows_its_end(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        seed.log(run, "\n".join(f"line-{n}" for n in range(500)), dropped=2048)
    text = get("/runs/1")
    assert "300 earlier lines are in the plain text." in text
    assert "line-300 " in text
    assert "line-299 " not in text
    assert "2.0 KiB more were written and not kept" in text


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
    }


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
    assert client.post("/runs/1/delete").headers["location"] == "/"
    assert client.get("/runs/1").status_code == 404


def test_a_queued_run_says_how_many_come_first(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for _ in range(3):
            seed.run()
    assert "Waiting: 2 runs of runtime default come first." in get("/runs/3")


def test_the_history_takes_the_same_number_of_queries_at_any_length(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    few = count_queries(app, lambda: client.get("/"))
    with seeding(engine, store, settings) as seed:
        for n in range(40):
            seed.partly(f"run {n}")
    assert few == count_queries(app, lambda: client.get("/")) == 4


def test_a_run_takes_the_same_number_of_queries_with_any_number_of_stages(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.partly()
    few = count_queries(app, lambda: client.get(f"/runs/{run.id}"))
    with seeding(engine, store, settings) as seed:
        again = seed.session.merge(run)
        for n in range(4, 54):
            stage = seed.stage(again, n, StageStatus.FAILED)
            seed.guard(stage)
            seed.failure(again, stage)
            seed.component(again, n, f"part{n}")
    assert few == count_queries(app, lambda: client.get(f"/runs/{id_of(run)}")) == 10


def test_a_stage_takes_a_fixed_number_of_queries(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        stage = seed.stage(run, 1)
        for n in range(100):
            seed.guard(stage, n)
    assert count_queries(app, lambda: client.get("/runs/1/stages/1")) == 9
