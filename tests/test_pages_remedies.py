"""What can be done about a model: fixes on the page of its run and on those of its blockers."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.models import (
    Category,
    RemedyKind,
    RemedyStatus,
    ReplayStatus,
    Run,
    RunStatus,
    Stage,
    StageKind,
    Verdict,
)
from app.services.options import RunOptions
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import SCRIPT, Seed, count_queries, id_of, replay, seeding, text_of
from tests.zip_support import make_zip

NOT_REPLAYED: dict[str, Any] = {"replay": ReplayStatus.NOT_RUN, "replay_detail": None}


def part(html: str, label: str) -> str:
    """What a person reads in the section with this label."""
    found = re.search(rf'<section[^>]*aria-label="{label}".*?</section>', html, re.DOTALL)
    assert found, label
    return text_of(found[0])


@pytest.fixture
def seed_run(engine: Engine, store: BlobStore, settings: Settings) -> Any:
    """Seeds a run in one transaction; its id."""

    def seed_with(make: Any) -> int:
        with seeding(engine, store, settings) as seed:
            return id_of(make(seed))

    return seed_with


def test_one_patch_that_makes_it_export_stands_on_top(client: TestClient, seed_run: Any) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(2)
        seed.remedy(run, 1, 1, **NOT_REPLAYED)
        seed.remedy(run, 2, 2, kind=RemedyKind.PIN, **NOT_REPLAYED)
        seed.combined(run, 3)
        return run

    html = client.get(f"/runs/{seed_run(make)}").text
    text = part(html, "Fixes")
    for words in (
        "One patch that makes the whole model export works, pinned",
        "replays equal to eager on the run's own inputs; only those could be compared.",
        "It consists of 1 rewrite and 1 pin.",
        "A pin keeps the example's answer: other inputs are refused, or give another result.",
        "Run the fixed script",
        "The patch +1 \u22121",
        "- model = torch . nn . ReLU()",
        "+ model = torch . nn . ReLU() # fix 3",
    ):
        assert words in text, words
    assert html.index('aria-label="Fixes"') < html.index('aria-label="What stops it"')
    assert 'action="/runs/1/remedies/3/run"' in html
    assert 'href="/api/runs/1/remedies/3.patch" download' in html
    assert 'data-copy="/api/runs/1/remedies/3.patch"' in html


def test_what_was_replayed_on_more_inputs_says_on_how_many(
    client: TestClient, seed_run: Any
) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(1)
        detail = replay(ReplayStatus.EQUAL, 0.0)
        detail["cases"] *= 4
        seed.remedy(run, 1, replay_detail=detail)
        return run

    text = text_of(client.get(f"/runs/{seed_run(make)}").text)
    assert "replays equal to eager on 4 sets of inputs." in text
    assert "only those could be compared" not in text


def test_what_resisted_is_said_and_nothing_claims_to_work(
    client: TestClient, seed_run: Any
) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(2)
        seed.remedy(run, 1, 1, **NOT_REPLAYED)
        failure = {"category": "tensor_to_python", "file": "m.py", "line": 9, "text": "x.item()"}
        seed.remedy(
            run,
            2,
            2,
            status=RemedyStatus.FAILS,
            reason="Its culprit is still there.",
            failure=failure,
            **NOT_REPLAYED,
        )
        seed.combined(
            run,
            3,
            status=RemedyStatus.FAILS,
            reason="Blocker 2 at m.py:9 resisted.",
            parts=[1],
            **NOT_REPLAYED,
        )
        return run

    html = client.get(f"/runs/{seed_run(make)}").text
    fixes, blockers = part(html, "Fixes"), part(html, "What stops it")
    assert "No patch makes the whole model export" in fixes
    assert "Blocker 2 at m.py:9 resisted." in fixes
    assert "What works: 1 rewrite." in fixes
    assert "What could be patched" in fixes
    assert "Run the fixed script" not in fixes
    assert "fix gets past it" in blockers
    assert "another one stops it, so nothing could be replayed yet" in blockers
    assert "1 fix that does not work or was not tried" in blockers
    assert "Its culprit is still there. Tensor to Python at m.py:9 : x.item()" in blockers
    assert "badge tone-good" not in html[html.index('aria-label="Fixes"') :].split("Stages")[0]


def test_a_part_of_a_patch_that_was_replayed_works_too(client: TestClient, seed_run: Any) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(2)
        seed.remedy(run, 1, 1, **NOT_REPLAYED)
        seed.remedy(run, 2, 2, kind=RemedyKind.PIN, **NOT_REPLAYED)
        seed.combined(run, 3)
        return run

    blockers = part(client.get(f"/runs/{seed_run(make)}").text, "What stops it")
    assert "fix works if" not in blockers
    assert "fix works " in blockers
    assert "fix works, pinned" in blockers
    assert blockers.count("Replayed as a part of the combined patch.") == 2


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (RemedyKind.REWRITE, "fix 1, rewrite, 1.5 s"),
        (RemedyKind.WRAP, "fix 1, opaque operator, 1.5 s"),
        (RemedyKind.REQUEST, "fix 1, other request, 1.5 s"),
        (RemedyKind.PIN, "fix 1, pinned, 1.5 s"),
    ],
)
def test_kinds_are_told_apart_in_words(
    kind: RemedyKind, words: str, client: TestClient, seed_run: Any
) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(1)
        seed.remedy(run, 1, kind=kind)
        return run

    run_id = seed_run(make)
    for path in (f"/runs/{run_id}", f"/runs/{run_id}/blockers/1"):
        text = text_of(client.get(path).text)
        assert words in text
        assert ("It keeps the example's answer" in text) == (kind is RemedyKind.PIN)


def test_a_remedy_of_options_alone_has_no_patch(client: TestClient, seed_run: Any) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(1)
        seed.remedy(run, 1, kind=RemedyKind.REQUEST, files={}, patch="", options={"strict": True})
        return run

    html = client.get(f"/runs/{seed_run(make)}").text
    assert "Options: strict = true ." in text_of(html)
    assert 'action="/runs/1/remedies/1/run"' in html
    assert ".patch" not in html


def test_a_run_that_exports_may_have_fixes_too(client: TestClient, seed_run: Any) -> None:
    def make(seed: Seed) -> Run:
        run = seed.finished(Verdict.EXPORTED)
        seed.stage(run, 1, kind=StageKind.WHOLE, replay=ReplayStatus.DIFFERENT)
        seed.remedy(run, 1, None, title="Keep the state in a buffer")
        seed.combined(run, 2)
        return run

    text = part(client.get(f"/runs/{seed_run(make)}").text, "Fixes")
    assert text.startswith("One patch that makes the program equal to eager works")
    assert "Keep the state in a buffer" in text


def test_a_run_without_remedies_says_nothing_of_fixes(client: TestClient, seed_run: Any) -> None:
    html = client.get(f"/runs/{seed_run(lambda seed: seed.searched(1))}").text
    assert "Fixes" not in html


def test_a_blockers_own_page_has_all_that_was_tried_with_its_diffs(
    client: TestClient, seed_run: Any
) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(2)
        seed.remedy(run, 1, 1)
        seed.remedy(run, 2, 1, status=RemedyStatus.FAILS, reason="It gave another result.")
        seed.remedy(run, 3, 1, status=RemedyStatus.NOT_TRIED, reason="No time was left.")
        seed.remedy(run, 4, 2, parts=[1, 2])
        return run

    run_id = seed_run(make)
    html = client.get(f"/runs/{run_id}/blockers/1").text
    text = part(html, "Fixes")
    assert text.startswith("Fixes 3 works Fix 1")
    assert "2 fixes that do not work or were not tried" in text
    for words in ("# fix 1", "# fix 2", "It gave another result.", "No time was left."):
        assert words in text, words
    assert "Fix 4" not in text
    assert "On top of" not in text
    assert "On top of fix 1 , fix 2 ." in text_of(client.get(f"/runs/{run_id}/blockers/2").text)
    assert html.count('/run"><button') == 1


def test_fixes_come_by_themselves_while_they_are_tried(client: TestClient, seed_run: Any) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(1, status=RunStatus.RUNNING, following="remedies")
        seed.remedy(run, 1, status=RemedyStatus.TRYING, seconds=None, **NOT_REPLAYED)
        seed.remedy(run, 2, status=RemedyStatus.WAITING, seconds=None, **NOT_REPLAYED)
        return run

    run_id = seed_run(make)
    html = client.get(f"/runs/{run_id}").text
    assert "remedy from:#live" in html
    assert "0 tried so far, none of them with success." in part(html, "Fixes")
    text = part(html, "What stops it")
    assert "fix being tried" in text
    assert "waits Fix 2" in text
    page = client.get(f"/runs/{run_id}/blockers/1").text
    assert f'hx-get="/runs/{run_id}/blockers/1/_remedies"' in page
    assert f'hx-sse:connect="/api/runs/{run_id}/events' in page
    alone = client.get(f"/runs/{run_id}/blockers/1/_remedies").text
    assert alone.lstrip().startswith('<section id="remedies"')


@pytest.mark.parametrize(
    ("course", "words"),
    [
        ("remedies", "fixes are tried"),
        ("serialized", "the program is saved, and loaded again in a fresh process"),
        ("something new", "more is tried"),
    ],
)
def test_the_verdict_is_shown_while_more_is_tried(
    course: str, words: str, client: TestClient, seed_run: Any
) -> None:
    def make(seed: Seed) -> Run:
        return seed.partly(status=RunStatus.RUNNING, following=course)

    html = client.get(f"/runs/{seed_run(make)}").text
    text = text_of(html)
    assert "The whole model does not export, stopped by a Python branch" in text
    assert f"Going on in the background: {words}." in text
    assert '<section class="verdict tone-part"' in html
    assert 'action="/runs/1/cancel"' in html


def test_a_cancelled_run_keeps_its_verdict(client: TestClient, seed_run: Any) -> None:
    run_id = seed_run(lambda seed: seed.partly(status=RunStatus.CANCELLED))
    html = client.get(f"/runs/{run_id}").text
    assert "1 of 2 components does (part1). Cancelled before all was tried." in text_of(html)
    assert '<section class="verdict tone-part"' in html
    assert "partly" in re.findall(r'<tr id="run-1">.*?</tr>', client.get("/").text, re.DOTALL)[0]


def test_running_the_fixed_script_makes_a_child_that_says_what_changed(
    client: TestClient, seed_run: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(1, options=RunOptions(argv=["--size", "8"]))
        run.title = "HRNet"
        seed.remedy(run, 1, options={"strict": True})
        return run

    run_id = seed_run(make)
    answer = client.post(f"/runs/{run_id}/remedies/1/run")
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs/2")
    child = client.get("/api/runs/2").json()
    assert (child["title"], child["parent"]) == ("HRNet, patched", run_id)
    assert (child["options"]["argv"], child["options"]["strict"]) == (["--size", "8"], True)
    assert store.get(child["script"]["sha256"]) == SCRIPT.replace(b"()", b"()  # fix 1", 1)
    text = part(client.get("/runs/2").text, "Changes")
    for words in (
        "Changed from run 1 +1 \u22121",
        "Option strict : null became true",
        "+ model = torch . nn . ReLU() # fix 1",
    ):
        assert words in text, words
    assert "Diff of the two whole graphs" not in text
    with seeding(engine, store, settings) as seed:
        run = seed.session.get_one(Run, 2)
        graph = seed.stage(run, 5, kind=StageKind.WHOLE).graph_id
        parent = seed.graph("up to the failure")
        whole = select(Stage).where(col(Stage.run_id) == run_id, col(Stage.n) == 3)
        seed.session.exec(whole).one().graph_id = parent.id
    html = client.get("/runs/2").text
    assert f'href="/graphs/{graph}?base={parent.id}&amp;stage=2.5"' in html


def test_a_run_that_repeats_another_exactly_says_nothing_of_changes(
    client: TestClient, seed_run: Any
) -> None:
    seed_run(lambda seed: seed.partly())
    client.post("/runs/1/rerun", data={"plan": "auto", "entry": "model.py"})
    html = client.get("/runs/2").text
    assert 'aria-label="Changes"' not in html
    assert 'href="/runs/1"' in html


def test_a_zip_is_made_again_with_the_changed_files(
    client: TestClient, seed_run: Any, store: BlobStore
) -> None:
    files: dict[str, bytes | str] = {
        "main.py": "import net\n",
        "net.py": "def f():\n    return 1\n",
        "data.bin": b"\0\1",
    }

    def make(seed: Seed) -> Run:
        run = seed.run(source=make_zip(files), filename="model.zip", status=RunStatus.FINISHED)
        seed.remedy(run, 1, files={"net.py": "def f():\n    return 2\n"}, parts=[])
        seed.remedy(run, 2, files={"main.py": "import net as n\n"}, parts=[1])
        return run

    seed_run(make)
    for _ in range(2):
        assert client.post("/runs/1/remedies/2/run").status_code == 303
    first, second = (client.get(f"/api/runs/{n}").json()["script"] for n in (2, 3))
    assert first == second
    assert (first["kind"], first["entry"], first["filename"]) == ("zip", "main.py", "model.zip")
    text = part(client.get("/runs/2").text, "Changes")
    assert "main.py @@ -1 +1 @@ 1 - import net 1 + import net as n" in text
    assert "return 2" in text
    assert "data.bin" not in text


@pytest.mark.parametrize(
    ("status", "files"),
    [(RemedyStatus.TRYING, {"model.py": "x = 1\n"}), (RemedyStatus.NOT_TRIED, {})],
)
def test_what_has_nothing_to_run_is_refused(
    status: RemedyStatus, files: dict[str, str], client: TestClient, seed_run: Any
) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(1)
        seed.remedy(run, 1, status=status, files=files, patch="")
        return run

    seed_run(make)
    answer = client.post("/runs/1/remedies/1/run")
    assert answer.status_code == 409
    assert "Remedy 1 of run 1 has nothing to run." in answer.text
    assert client.post("/runs/1/remedies/9/run").status_code == 404


def test_a_run_takes_the_same_number_of_queries_with_any_number_of_remedies(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        few, many = seed.searched(1), seed.searched(10)
        seed.remedy(few, 1)
        for position in range(1, 41):
            seed.remedy(many, position, 1 + position % 10)
        ids = id_of(few), id_of(many)
    for path in ("/runs/{}", "/api/runs/{}", "/api/runs/{}/remedies", "/runs/{}/blockers/1"):
        urls = [path.format(n) for n in ids]
        counts = [
            count_queries(app, lambda url=url: client.get(url))  # type: ignore[misc]
            for url in urls
        ]
        assert counts[0] == counts[1], path


def test_a_failure_of_a_kind_not_known_is_shown(client: TestClient, seed_run: Any) -> None:
    def make(seed: Seed) -> Run:
        run = seed.searched(1)
        seed.remedy(run, 1, status=RemedyStatus.FAILS, failure={"category": Category.UNKNOWN.value})
        return run

    assert "Unknown" in text_of(client.get(f"/runs/{seed_run(make)}/blockers/1").text)
