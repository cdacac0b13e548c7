"""What stops a model, on the page of its run and on pages of its own."""

import re
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import Category, RunStatus, Search, StageKind, StageStatus, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import FRAMES, Seed, seeding, text_of

FOLD = re.compile(r'<details class="blocker"( open)?>(.*?)</details>', re.DOTALL)


def test_all_blockers_come_first_in_order_and_the_first_is_open(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.searched(4)
    html = client.get("/runs/1").text
    folds = [(bool(opened), text_of(body)) for opened, body in FOLD.findall(html)]
    assert [opened for opened, _ in folds] == [True, False, False, False]
    for n, (_, text) in enumerate(folds, start=1):
        place = f"model.py:{7 + n}"
        assert text.startswith(f"{n} Data-dependent branch at {place} in blocks.0, blocks.1")
    text = text_of(html)
    assert "at model.py:8, and by 3 more; 1 of 2 components does" in text
    places = [text.index(words) for words in ("What stops it 4", "Stages", "Plan", "Run log")]
    assert places == sorted(places)
    assert "With these 4 bypassed, the model exports." in text


def test_a_blocker_says_what_could_not_be_decided_and_how_export_went_on(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    born_here = {"symbol": "u1", "operation": "item", "frame": FRAMES[2]}
    with seeding(engine, store, settings) as seed:
        run = seed.searched(0)
        seed.blocker(run, 1, births=[born_here])
        seed.blocker(run, 2, bypass="")
    (_, first), (_, second) = FOLD.findall(client.get("/runs/1").text)
    for words in (
        "Eq(u0, 1) In the eager run it was True .",
        "u1 : the result of item on this line",
        "GuardOnDataDependentSymNode : Could not guard on Eq(u0, 1).",
        "Reached in 2 modules, blocks.0, blocks.1 , 4 times.",
        "Export went on past it: it was answered as in the eager run: True.",
        "Use torch.where.",
    ):
        assert words in text_of(first), words
    assert "Behind the one before" not in first
    assert "u0 : the result of nonzero at model.py:40 export()" in text_of(second)
    assert "Behind the one before" in second
    assert "Export could not go on past it." in second
    for link in ("/docs/categories/data_dependent_branch", "/runs/1/blockers/1"):
        assert f'href="{link}"' in first


def test_the_source_is_cut_to_a_few_lines_around_the_culprit(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    lines = [f"        y{n} = x" for n in range(1, 60)]
    with seeding(engine, store, settings) as seed:
        run = seed.searched(0)
        seed.blocker(run, 1, line=30, source={"file": "model.py", "first": 1, "lines": lines})
    shown = re.findall(r'id="B1-(\d+)"', client.get("/runs/1").text)
    assert shown == [str(n) for n in range(27, 34)]
    assert len(re.findall(r'id="S(\d+)"', client.get("/runs/1/blockers/1").text)) == 59


def test_a_page_of_many_blockers_holds_no_stack_and_no_frames(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    frames = [FRAMES[1] | {"function": "deep_in_torch"}] * 300
    with seeding(engine, store, settings) as seed:
        run = seed.searched(0)
        for position in range(1, 21):
            seed.blocker(run, position, frames=frames, stack="a long stack")
    html = client.get("/runs/1").text
    assert html.count('class="blocker"') == 20
    assert "deep_in_torch" not in html
    assert "a long stack" not in html
    assert len(html) < 100_000


def test_a_blockers_own_page_has_everything_and_leads_to_the_next(
    client: TestClient, get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.searched(3)
    text = get("/runs/1/blockers/2")
    for words in (
        "Blocker 2",
        "Reached in 2 modules, blocks.0, blocks.1 , 4 times.",
        "Data-dependent branch at model.py:9",
        "In the eager run it was True",
        "More of it.",
        "Frames, outermost first upload 1 frame",
        "Traceback (most recent call last)",
        "Occurrences 2",
        "blocks.1 model.py:9 2",
    ):
        assert words in text, words
    html = client.get("/runs/1/blockers/2").text
    assert re.findall(r'href="(/runs/1/blockers/\d)" rel="(\w+)"', html) == [
        ("/runs/1/blockers/1", "prev"),
        ("/runs/1/blockers/3", "next"),
    ]
    assert 'rel="next"' not in client.get("/runs/1/blockers/3").text
    assert client.get("/runs/1/blockers/4").status_code == 404


def test_how_the_search_ended_is_said(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.searched(1)
        seed.searched(2, Search.STUCK, reason="Nothing is left to bypass.")
        seed.searched(20, Search.CAPPED, reason="No more than 20 are looked for.")
        seed.partly()
        seed.partly().status = RunStatus.RUNNING
    assert "With it bypassed, the model exports." in get("/runs/1")
    stuck = "There may be more, which export could not get to: nothing is left to bypass."
    assert stuck in get("/runs/2")
    assert "There may be more: no more than 20 are looked for." in get("/runs/3")
    assert "Nothing more was looked for." in get("/runs/4")
    assert "The search for more goes on." in get("/runs/5")
    assert "Export went on past it" not in get("/runs/4")


def test_a_failure_without_a_line_is_listed_too(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    bare = dict.fromkeys(("file", "line", "module", "expression", "source"))
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.BLOCKED)
        whole = seed.stage(run, 1, StageStatus.FAILED, StageKind.WHOLE)
        seed.failure(
            run, whole, category=Category.TIMEOUT, message="It took too long.", text="", **bare
        )
    text = get("/runs/1")
    assert "What stops it 1 1 Timeout" in text
    assert "It took too long." in text


def test_the_whole_refreshes_when_blockers_are_told(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run(status=RunStatus.RUNNING)
    assert "blockers from:#live" in client.get("/runs/1").text


def _with_later_stages(seed: Seed) -> None:
    run = seed.searched(1)
    seed.failure(run, seed.stage(run, 5, StageStatus.FAILED, StageKind.BYPASS, name="second"))
    seed.stage(run, 6, kind=StageKind.PART, name="decode.conv")
    seed.stage(run, 7, kind=StageKind.DECOMPOSED, name="whole model, decomposed")


def test_stages_past_the_blockers_stand_below_the_plans_own(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        _with_later_stages(seed)
    html = client.get("/runs/1").text
    (table,) = re.findall(r'<table class="stages">(.*?)</table>', html, re.DOTALL)
    groups = re.findall(r"<tbody[^>]*>(.*?)</tbody>", table, re.DOTALL)
    assert [re.findall(r'id="stage-(\d)"', group) for group in groups] == [
        ["1", "2", "3"],
        ["7"],
        ["4", "5"],
        ["6"],
    ]
    titles = [text_of(title) for title in re.findall(r"<th colspan=.*?</th>", table)]
    assert titles == ["Decomposed", "Past the blockers", "Parts of what failed alone"]
    assert html.count('<li class="lamp') == 3
    assert "past what stops it" in client.get("/runs/1/stages/4").text
    assert "A child of a component that failed" in client.get("/runs/1/stages/6").text
