"""The runs of one script: what changed from run to run, and the plots of them."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import Category, Verdict
from app.plots import HEIGHT, LEFT, WIDTH, plots_of
from app.services.options import RunOptions
from app.services.storage import BlobStore
from app.services.trends import DayView, PointView, TrendsView
from app.settings import Settings
from tests.web_support import count_queries, seeding, submit

FIRST = b"import torch\na = 1\nb = 2\n"


@pytest.fixture
def versions(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Three runs of model.py, each changed, and one of another file."""
    with seeding(engine, store, settings) as seed:
        one = seed.partly("one", source=FIRST)
        seed.blocker(one, 1, fingerprint="v1:old")
        seed.blocker(one, 2, fingerprint="v1:stays", line=20)
        seed.partly("other", filename="other.py")
        two = seed.partly("two", source=FIRST.replace(b"a = 1\n", b"a = 3\nc = 4\n"))
        seed.blocker(two, 1, fingerprint="v1:stays", line=21)
        seed.blocker(two, 2, fingerprint="v1:new", category=Category.MUTATION)
        three = seed.finished(
            Verdict.EXPORTED,
            title="three",
            source=FIRST.replace(b"a = 1\n", b"a = 3\nc = 4\n"),
            runtime="torch-2.14",
            options=RunOptions(strict=True),
        )
        assert three.runtime != two.runtime


@pytest.mark.usefixtures("versions")
def test_each_run_says_what_changed_from_the_one_before(client: TestClient) -> None:
    timeline = client.get("/api/scripts?name=model.py").json()
    assert (timeline["name"], timeline["sha256"], timeline["next"]) == ("model.py", None, None)
    titles = [entry["run"]["title"] for entry in timeline["entries"]]
    assert titles == ["three", "two", "one"]
    three, two, one = (entry["step"] for entry in timeline["entries"])
    assert one is None
    assert (two["before"], two["compare"]) == (1, "/compare?base=1&head=3")
    assert (two["same_script"], two["added"], two["removed"]) == (False, 2, 1)
    assert [mark["fingerprint"] for mark in two["gone"]] == ["v1:old"]
    assert [mark["fingerprint"] for mark in two["new"]] == ["v1:new"]
    assert (two["options"], two["runtime"]) == ([], None)
    assert (three["same_script"], three["added"], three["removed"]) == (True, 0, 0)
    assert three["options"] == [{"name": "strict", "before": None, "after": True}]
    assert (three["runtime"], three["verdict"]) == ("default", "partly")
    assert len(three["gone"]) == 2


@pytest.mark.usefixtures("versions")
def test_the_page_tells_the_same(get: Any, client: TestClient) -> None:
    text = get("/scripts?name=model.py")
    for words in (
        "Script: +2 \u22121 lines",
        "Runtime: default became torch-2.14",
        "Option strict : null became true",
        "Verdict: partly became exported",
        "mutation at model.py:9 is new",
        "Compare with run 1",
        "The first run.",
        "Verdicts a day",
        "Time to verdict",
        "Coverage",
    ):
        assert words in text, words
    html = client.get("/scripts?name=model.py").text
    assert 'href="/runs/1/blockers/1"' in html
    assert 'href="/?script=model.py"' in html
    assert 'href="/scripts?name=model.py"' in client.get("/runs/1").text


@pytest.mark.usefixtures("versions")
def test_one_exact_content_has_a_timeline_too(client: TestClient) -> None:
    sha256 = client.get("/api/runs/3").json()["script"]["sha256"]
    timeline = client.get(f"/api/scripts?sha256={sha256}").json()
    assert [entry["run"]["id"] for entry in timeline["entries"]] == [4, 3]
    assert "exactly this content" in client.get(f"/scripts?sha256={sha256}").text


NO_TIMELINE = [
    ("", 422, "bad_filter"),
    (f"name=a&sha256={'0' * 64}", 422, "bad_filter"),
    ("sha256=model.py", 422, "bad_filter"),
    ("name=none.py", 404, "not_found"),
    (f"sha256={'0' * 64}", 404, "not_found"),
    ("name=%00", 404, "not_found"),
    ("name=model.py&cursor=x", 422, "bad_filter"),
    (f"name={'x' * 5000}", 404, "not_found"),
]


def test_what_has_no_timeline(client: TestClient) -> None:
    submit(client)
    for query, status, code in NO_TIMELINE:
        answer = client.get(f"/api/scripts?{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), query
        page = client.get(f"/scripts?{query.replace('cursor', 'before')}")
        assert page.status_code == status, query


def test_a_long_timeline_has_pages_of_a_fixed_number_of_queries(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    def seed_runs(count: int) -> None:
        with seeding(engine, store, settings) as seed:
            for n in range(count):
                seed.searched(2, title=f"run {n}", source=f"a = {n}".encode())

    seed_runs(2)
    few = count_queries(app, lambda: client.get("/scripts?name=model.py"))
    seed_runs(40)
    assert count_queries(app, lambda: client.get("/scripts?name=model.py")) == few
    seen: list[int] = []
    cursor = ""
    while cursor is not None:
        page = client.get(f"/api/scripts?name=model.py&cursor={cursor}").json()
        steps = [entry["step"] for entry in page["entries"]]
        seen += [entry["run"]["id"] for entry in page["entries"]]
        cursor = page["next"]
        assert [step is None for step in steps].count(True) == (cursor is None)
    assert seen == list(range(42, 0, -1))


def test_a_script_that_is_gone_has_no_lines_to_count(client: TestClient, store: BlobStore) -> None:
    submit(client, b"a = 1")
    submit(client, b"a = 2")
    store.delete(client.get("/api/runs/1").json()["script"]["sha256"])
    newest = client.get("/api/scripts?name=model.py").json()["entries"][0]["step"]
    assert (newest["same_script"], newest["added"]) == (False, None)
    assert "The script changed" in client.get("/scripts?name=model.py").text


def test_trends_are_those_of_the_filter(
    get: Any, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    assert "There is nothing to plot yet" in get("/trends")
    with seeding(engine, store, settings) as seed:
        seed.partly("a", owner="anna")
        seed.finished(Verdict.EXPORTED, owner="ben")
        seed.run("waits")
    found = client.get("/api/trends").json()
    assert found["runs"] == 3
    assert len(found["days"]) == 30
    assert (found["days"][-1]["partly"], found["days"][-1]["exported"]) == (1, 1)
    assert [point["run"] for point in found["points"]] == [1, 2]
    assert found["points"][0]["coverage"] == 0.75
    assert found["points"][0]["seconds"] >= 0
    found = client.get("/api/trends?person=ben").json()
    assert [point["verdict"] for point in found["points"]] == ["exported"]
    part = client.get("/_trends?person=ben").text
    assert part.count("<svg") == 3
    assert "style=" not in part
    assert "1 exported; at most 1 a day" in part


def test_a_plot_stays_on_its_canvas() -> None:
    day = DayView(day="2026-11-01", exported=3, blocked=2, other=1)
    point = PointView(
        run=1,
        created_at="2026-11-01T00:00:00Z",
        verdict=Verdict.PARTLY,
        seconds=4.0,
        coverage=0.5,
    )
    points = [point.model_copy(update={"run": n, "seconds": float(n % 7)}) for n in range(120)]
    verdicts, times, coverage = plots_of(TrendsView(runs=6, days=[day] * 30, points=points))
    assert len(verdicts.bars) == 90
    for bar in verdicts.bars:
        assert LEFT <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
    for dot in (*times.dots, *coverage.dots):
        assert LEFT <= dot.x <= WIDTH
        assert 0 <= dot.y <= HEIGHT
    assert "180" not in verdicts.top
    assert "median 3.0 s" in times.words
    assert plots_of(TrendsView(runs=0, days=[], points=[])) == ()
