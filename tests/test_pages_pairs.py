"""Pairs and files of graphs, as a person meets them: links, a form, downloads, errors."""

import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import Run, StageKind, StageStatus, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import Seed, count_queries, seeding, text_of

RELU, SIN = "aten.relu.default", "aten.sin.default"


def graph(seed: Seed, salt: str, *targets: str) -> int | None:
    """A graph that calls these."""
    nodes = [
        {"name": f"n{place}", "op": "call_function", "target": target}
        for place, target in enumerate(targets)
    ]
    return seed.graph(salt, document={"version": 1, "nodes": nodes}).id


def passed(
    seed: Seed, run: Run, n: int, kind: StageKind, graph_id: int | None, **values: Any
) -> None:
    """A stage that passed and left this graph."""
    stage = seed.stage(run, n, StageStatus.RUNNING, kind, graph_id=graph_id, **values)
    stage.status = StageStatus.PASSED
    seed.session.flush()


def two_stages(seed: Seed) -> Run:
    """Run 1: the backbone (graph 1), the whole model, which adds a sin (graph 2), and no more."""
    run = seed.finished(Verdict.EXPORTED)
    passed(seed, run, 1, StageKind.ASSEMBLED, graph(seed, "a", RELU), name="backbone")
    passed(seed, run, 2, StageKind.WHOLE, graph(seed, "b", RELU, SIN))
    seed.stage(run, 3, StageStatus.SKIPPED, name="late")
    return run


@pytest.fixture
def run(engine: Engine, store: BlobStore, settings: Settings) -> Run:
    with seeding(engine, store, settings) as seed:
        return two_stages(seed)


def links(html: str) -> dict[str, str]:
    """Where each link of a page leads, by its words."""
    found = re.findall(r'<a\b[^>]*href="([^"]*)"[^>]*>(.*?)</a>', html, flags=re.DOTALL)
    return {text_of(words): unescape(target) for target, words in found}


def hidden(html: str) -> dict[str, str]:
    """What the form of a page sends along."""
    form = html[html.index('class="pair-form"') :]
    form = form[: form.index("</form>")]
    found = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}


# -- the stage's page


def test_a_stage_leads_to_what_it_added_in_one_click(client: TestClient, run: Run) -> None:
    html = client.get("/runs/1/stages/2").text
    assert links(html)["What it added"] == "/graphs/2?base=1&stage=1.2"
    assert "What it added against backbone" in text_of(html)
    page = client.get("/graphs/2?base=1&stage=1.2")
    assert page.status_code == 200
    assert SIN in page.text


def test_a_stage_lists_the_other_pairs_below(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        again = seed.finished(Verdict.EXPORTED, parent_id=two_stages(seed).id)
        passed(seed, again, 1, StageKind.ASSEMBLED, 1, name="backbone")
        passed(seed, again, 2, StageKind.WHOLE, graph(seed, "c", SIN))
    html = client.get("/runs/2/stages/2").text
    words = "whole model of run 1, which this run repeats"
    assert links(html)[words] == "/graphs/3?base=2&stage=2.2"
    html = client.get("/runs/2/stages/1").text
    assert "What it added" not in text_of(html)
    assert "the same graph as backbone of run 1" in text_of(html)


def test_a_stage_without_a_graph_offers_nothing(client: TestClient, run: Run) -> None:
    assert "git-compare" in client.get("/runs/1/stages/2").text
    assert "git-compare" not in client.get("/runs/1/stages/3").text


# -- the graph's page


def test_a_graph_offers_its_pairs_and_keeps_what_is_seen(client: TestClient, run: Run) -> None:
    html = client.get("/graphs/2?view=code&q=relu&stage=1.2").text
    target = links(html)["What it added"]
    assert target.startswith("/graphs/2?")
    assert set(target.partition("?")[2].split("&")) == {
        *("base=1", "stage=1.2", "view=code", "q=relu"),
    }
    assert hidden(html) == {"stage": "1.2", "view": "code", "q": "relu"}


def test_base_and_head_can_be_swapped_and_the_base_dropped(client: TestClient, run: Run) -> None:
    html = client.get("/graphs/2?base=1&view=table&stage=1.2&changes=1&node=n0").text
    found = links(html)
    swapped = found["Swap base and head"]
    assert swapped.startswith("/graphs/1?base=2&")
    assert {"view=table", "changes=1", "node=n0", "of=base"} <= set(swapped.split("&"))
    back = links(client.get(swapped).text)["Swap base and head"]
    assert back.startswith("/graphs/2?base=1&")
    assert "of=base" not in back
    alone = found["This graph alone"]
    assert "base=" not in alone
    assert "changes=" not in alone
    assert "view=table" in alone
    assert "Swap base and head" not in client.get(alone).text


def test_a_node_of_the_old_base_is_closed_with_it(client: TestClient, run: Run) -> None:
    html = client.get("/graphs/2?base=1&node=n0&of=base").text
    assert "node=" not in links(html)["This graph alone"]
    assert hidden(html).keys() == set()


def test_the_base_is_told_by_what_it_is(get: Callable[[str], str], run: Run) -> None:
    assert "Against graph 1 : backbone, the stage before" in get("/graphs/2?base=1")
    assert "Against graph 2 Swap" in get("/graphs/2?base=2")


@pytest.mark.parametrize(
    "text",
    [
        *("1", " 1 ", "#1", "graph 1", "/graphs/1", "/graphs/1?base=2&view=code"),
        *("1.1", "1/1", "1, 1", "run 1 stage 1", "Run 1, stage 1", "/runs/1/stages/1"),
        *("http://127.0.0.1:8000/graphs/1#L3", "http://host/runs/1/stages/1?x=1"),
    ],
)
def test_any_other_graph_can_be_named(text: str, client: TestClient, run: Run) -> None:
    answer = client.get("/graphs/2/compare", params={"with": text, "view": "code", "node": "n0"})
    assert answer.status_code == 303
    target = answer.headers["location"]
    assert target.partition("?")[0] == "/graphs/2"
    assert set(target.partition("?")[2].split("&")) == {"base=1", "view=code", "node=n0"}


@pytest.mark.parametrize(
    ("text", "status", "message", "hint"),
    [
        ("", 422, "'' names no graph.", "12.3"),
        ("seven", 422, "'seven' names no graph.", "Enter a graph's number (7)"),
        ("//evil.example", 422, "names no graph", "12.3"),
        ("9" * 30, 422, "names no graph", "12.3"),
        ("77", 404, "There is no graph 77.", "the last run with it was deleted"),
        ("7.1", 404, "There is no run 7.", "the history lists all runs"),
        ("1.9", 404, "Run 1 has no stage 9.", "lists the stages"),
        ("1.3", 404, "Stage 3 of run 1 has no graph.", "/runs/1/stages/3"),
        ("<script>", 422, "'<script>' names no graph.", "12.3"),
    ],
)
def test_what_names_no_graph_is_told_with_what_to_do(
    text: str, status: int, message: str, hint: str, client: TestClient, run: Run
) -> None:
    answer = client.get("/graphs/2/compare", params={"with": text})
    assert answer.status_code == status
    assert "<script>" not in answer.text.partition("<main")[2].partition("</main>")[0]
    assert message in text_of(answer.text)
    assert hint in text_of(answer.text)


def test_a_graph_that_is_not_there_has_no_pairs(client: TestClient, run: Run) -> None:
    assert client.get("/graphs/77/compare?with=1").status_code == 404
    assert client.get("/api/graphs/77/pairs").status_code == 404


def test_pairs_are_json_as_well(client: TestClient, run: Run) -> None:
    assert client.get("/api/graphs/2/pairs?stage=1.2").json() == {
        "graph": 2,
        "run": 1,
        "stage": 2,
        "pairs": [
            {
                "base": 1,
                "relation": "before",
                "words": "backbone, the stage before",
                "run": 1,
                "stage": 1,
                "same": False,
            }
        ],
    }


def test_hostile_names_are_shown_as_they_are(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED, runtime="<i>2.14</i>")
        name = '"><script>alert(1)</script>'
        seed.stage(run, 1, kind=StageKind.ASSEMBLED, name=name)
        seed.stage(run, 2, kind=StageKind.WHOLE)
    for path in ("/runs/1/stages/2", "/graphs/2", "/graphs/2?base=1"):
        html = client.get(path).text
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html


# -- files


@pytest.mark.parametrize(
    ("kind", "media", "name"),
    [
        ("json", "application/json", "graph-2.json"),
        ("text", "text/plain; charset=utf-8", "graph-2.py.txt"),
        ("model-explorer", "application/json", "graph-2.model-explorer.json"),
        ("dot", "text/vnd.graphviz; charset=utf-8", "graph-2.dot"),
        ("csv", "text/csv; charset=utf-8; header=present", "graph-2.csv"),
    ],
)
def test_every_format_is_a_file_with_a_name(
    kind: str, media: str, name: str, client: TestClient, run: Run
) -> None:
    path = f"/api/graphs/2/export/{kind}"
    assert path in links(client.get("/graphs/2").text).values()
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_files_hold_the_graph(client: TestClient, run: Run) -> None:
    base = "/api/graphs/2/export"
    assert client.get(f"{base}/json").content == client.get("/api/graphs/2").content
    assert client.get(f"{base}/text").text == client.get("/api/graphs/2?format=text").text
    collection = json.loads(client.get(f"{base}/model-explorer").text)
    assert [node["id"] for node in collection["graphs"][0]["nodes"]] == ["n0", "n1"]
    assert f'"n1" [label="{SIN}"];' in client.get(f"{base}/dot").text


def test_the_csv_of_a_diff_has_both_counts(client: TestClient, run: Run) -> None:
    path = "/api/graphs/2/export/csv?base=1"
    assert links(client.get("/graphs/2?base=1").text)["Operators as CSV"] == path
    answer = client.get(path)
    assert answer.headers["content-disposition"].endswith('filename="graph-2-against-1.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["target"], row["total"], row["base_total"]) for row in rows] == [
        (RELU, "1", "1"),
        (SIN, "1", "0"),
    ]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/graphs/77/export/dot", 404, "not_found"),
        ("/api/graphs/2/export/csv?base=77", 404, "not_found"),
        ("/api/graphs/2/export/csv?base=0", 422, "invalid_request"),
        ("/api/graphs/2/export/dot?base=1", 422, "no_diff_in_format"),
        ("/api/graphs/2/export/png", 404, "not_found"),
    ],
)
def test_what_cannot_be_a_file_is_an_error(
    path: str, status: int, code: str, client: TestClient, run: Run
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_pairs_take_a_fixed_number_of_queries(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        two_stages(seed)
    few = count_queries(app, lambda: client.get("/api/graphs/2/pairs"))
    with seeding(engine, store, settings) as seed:
        for number in range(10):
            again = seed.finished(Verdict.EXPORTED, parent_id=1)
            passed(seed, again, 2, StageKind.WHOLE, graph(seed, f"d{number}", SIN))
            for n in range(3, 20):
                passed(seed, again, n, StageKind.ASSEMBLED, 1)
    assert count_queries(app, lambda: client.get("/api/graphs/12/pairs")) == few == 4
