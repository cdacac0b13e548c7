"""The page of a run, as a browser without JavaScript gets it."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import (
    Category,
    RunStatus,
    StageStatus,
    Verdict,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import count_queries, id_of, seeding, text_of


def test_a_run_says_the_sentence_first_then_the_line_then_the_rest(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        note = {"type": "note", "code": "cuda_mapped", "message": "cuda became cpu"}
        seed.partly("HRNet", notes=[note], sandbox="full")
    text = get("/runs/1")
    landmarks = [
        "HRNet",
        "The whole model does not export, stopped by a Python branch on a tensor's value at "
        "model.py:8; 1 of 2 components does (part1).",
        "What stops it 1",
        "Data-dependent branch at model.py:8",
        "in decode",
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
        "sandbox full",
        "2.13.0",
        "Run log",
        "hello",
    ]
    place = 0
    for words in landmarks:
        place = text.index(words, place)
    assert "Exported 3 of 4 modules , 75 % of parameters, 6 of 8 call sites" in text
    assert "Cancel" not in text


def test_the_culprit_line_is_marked(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    for path, prefix in (
        ("/runs/1", "B1-"),
        ("/runs/1/blockers/1", "S"),
        ("/runs/1/stages/3", "S"),
    ):
        pattern = rf'<span class="line lit" id="{prefix}(\d+)">(.*?)\n'
        (lit,) = re.findall(pattern, client.get(path).text)
        assert lit[0] == "8"
        assert text_of(lit[1]) == "8 if x > 0 :"


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
        assert "hx-get" not in html.replace('hx-get="/runs/1/_comments"', "")


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


def test_a_queued_run_says_how_many_come_first(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for _ in range(3):
            seed.run()
    assert "Waiting: 2 runs of runtime default come first." in get("/runs/3")


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
        for position in range(1, 21):
            seed.blocker(again, position)
    assert few == count_queries(app, lambda: client.get(f"/runs/{id_of(run)}")) == 18
