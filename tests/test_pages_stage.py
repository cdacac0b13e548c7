"""The pages of a stage and of a graph, as a browser without JavaScript gets them."""

import re
import zlib
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.graphs.render import LINES
from app.models import (
    GuardKind,
    ReplayStatus,
    RunStatus,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import count_queries, replay, seeding, text_of


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


def test_guards_that_fix_a_dimension_come_first_below_a_sentence(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        stage = seed.stage(seed.finished(Verdict.EXPORTED), 1)
        seed.guard(stage, 0, kind=GuardKind.RANGE, meaning="2 <= x.shape[1] <= 9")
        seed.guard(stage, 1, meaning="x.shape[2] == 3")
        for position, line in ((2, 12), (3, 15)):
            seed.guard(stage, position, silent=True, meaning="x.shape[0] == 8", line=line)
        seed.guard(stage, 4, kind=GuardKind.GUARD, silent=True, meaning="s0 == s1", file=None)
    text = get("/runs/1/stages/1")
    sentence = "x.shape[0] was asked to be dynamic and is static: model.py:12 and model.py:15 fixed"
    assert f"{sentence} it to 8." in text
    assert "What was asked to be dynamic is static: s0 == s1 ." in text
    order = ("Guards 5", "silent x.shape[0] == 8", "silent s0 == s1", "x.shape[2] == 3", "2 <= x")
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_a_partial_graph_is_never_taken_for_a_whole_one(
    client: TestClient, get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.PARTLY)
        graph = seed.graph("partial")
        graph.code = zlib.compress(b"")
        stage = seed.stage(run, 1, StageStatus.FAILED, graph_id=graph.id)
        seed.guard(stage)
        seed.failure(run, stage)
        past = seed.stage(run, 2, kind=StageKind.BYPASS).graph_id
    assert "1 up to the failure" in get("/runs/1")
    page = get("/runs/1/stages/1")
    for words in ("graph up to the failure, 1 nodes", "Guards seen before the failure 1"):
        assert words in page, words
    assert "relu = aten . relu . default()" in page
    assert "This graph is partial" in get(f"/graphs/{graph.id}")
    listing = client.get(f"/api/graphs/{graph.id}?format=text").text
    assert listing.splitlines()[1] == "relu = aten.relu.default()"
    bypassed = get(f"/graphs/{past}")
    assert "This graph is not the model\u2019s" in bypassed
    assert "partial" not in bypassed


def test_a_graph_that_also_came_whole_is_not_called_partial(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.PARTLY)
        graph = seed.graph("shared")
        seed.stage(run, 1, graph_id=graph.id)
        seed.stage(run, 2, StageStatus.FAILED, graph_id=graph.id)
    text = get(f"/graphs/{graph.id}")
    assert "This graph is partial" not in text
    assert "run 1, part1 , run 1, part2 (failed)" in text


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


def test_a_stage_takes_a_fixed_number_of_queries(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        stage = seed.stage(run, 1)
        for n in range(100):
            seed.guard(stage, n)
    assert count_queries(app, lambda: client.get("/runs/1/stages/1")) == 11
