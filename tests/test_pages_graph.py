"""The page of a graph: its views, what is loaded later, and what its address says."""

import re
import zlib
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import GuardKind, StageKind, StageStatus, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.evil_support import EVIL, evil_document, seed_evil
from tests.graph_view_support import (
    FLOAT,
    call,
    chain,
    document,
    output,
    placeholder,
    ref,
    with_relu,
)
from tests.graph_view_support import (
    store as stored,
)
from tests.test_escaping import Parsed
from tests.web_support import count_queries, seeding, text_of
from tests.zip_support import make_zip

VIEWS = ("outline", "code", "table", "graph")
PARTS = ("_outline", "_lines", "_rows", "_node")
SCRIPT = b"""import torch


def f(self, x):
    x = x + 1
    # twice
    y = self.f(x)
    return y
"""


@pytest.fixture
def pair(engine: Engine, store: BlobStore, settings: Settings) -> tuple[int, int]:
    """Two graphs of two stages of one run, the head with a ReLU more."""
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED, title="a net", source=SCRIPT)
        base = chain(60)
        graphs = stored(seed, "base", base), stored(seed, "head", with_relu(base, "n33"))
        for n, graph in enumerate(graphs, 1):
            stage = seed.stage(run, n, name=f"stage {n}", graph_id=graph)
            seed.guard(stage, kind=GuardKind.RANGE, expression="s0 <= 9", meaning="x.shape[0] <= 9")
            seed.guard(stage, 1, expression="Eq(s01, 8)", meaning="other == 8")
    return graphs


def links(html: str, words: str = "") -> list[str]:
    """Addresses that a page leads to."""
    found = [attributes.get("href") or "" for tag, attributes in Parsed(html).tags if tag == "a"]
    return [address for address in found if words in address]


def test_it_opens_with_facts_and_the_outline(get: Any, pair: tuple[int, int]) -> None:
    text = get(f"/graphs/{pair[0]}")
    for words in (
        *("Operations 60", "Nodes 62", "1 user input", "run 1, stage 1"),
        *("aten.relu.default 20", "s0 2 to 9 · x.shape[0]"),
        *("the model Net", "stage0 Stage", "blocks.3 Block", "Outline Code Table Graph"),
    ):
        assert words in text, words


def test_every_link_keeps_what_is_seen(client: TestClient, pair: tuple[int, int]) -> None:
    base, head = pair
    seen = f"?base={base}&view=table&module=stage0&op=relu&changes=1&node=extra"
    html = client.get(f"/graphs/{head}{seen}").text
    for view, title in zip(VIEWS, ("Outline", "Code", "Table", "Graph"), strict=True):
        (tab,) = re.findall(rf'<a href="([^"]*)"[^>]*>{title}</a>', html)
        for field in (f"base={base}", "module=stage0", "op=relu", "changes=1", "node=extra"):
            assert field in tab
        assert (f"view={view}" in tab) == (view != "outline")


def test_a_branch_is_loaded_when_it_is_opened(client: TestClient, pair: tuple[int, int]) -> None:
    html = client.get(f"/graphs/{pair[0]}").text
    asked = re.findall(r'hx-get="(/graphs/\d+/_outline[^"]*branch=\d+)"', html)
    assert asked
    parts = [text_of(client.get(address.replace("&amp;", "&")).text) for address in asked]
    assert any("n50 aten.convolution.default [s0, 64] model.py:11" in part for part in parts)
    named = re.findall(r"\bn\d+(?= aten)", " ".join([text_of(html), *parts]))
    assert sorted(named) == sorted(f"n{n}" for n in range(60)), "each once, there or below"
    assert all("<html" not in part for part in parts)


def test_an_address_opens_the_outline_at_a_module_and_at_a_node(
    client: TestClient, pair: tuple[int, int]
) -> None:
    html = client.get(f"/graphs/{pair[0]}?module=stage0.blocks.4").text
    assert re.search(r'<li id="here">.*?name lit">blocks.4<', html, re.DOTALL)
    assert ">n45</a>" in html
    html = client.get(f"/graphs/{pair[0]}?node=n45").text
    assert re.search(r'aria-current="true">n45</a>', html)
    text = text_of(client.get(f"/graphs/{pair[0]}?module=nowhere").text)
    assert "This graph has no module nowhere" in text


def test_the_code_has_each_node_below_its_line(client: TestClient, pair: tuple[int, int]) -> None:
    html = client.get(f"/graphs/{pair[0]}?view=code&node=n3").text
    text = text_of(html)
    line = "# model.py:13 in forward: y = self.f(x) stage0.blocks.0"
    assert f"{line} 5 n3 = aten.relu.default ( n2 , 1 )" in text
    assert re.search(r'<div class="row-node lit" id="n4">', html)
    assert 'class="ref" href="#n3">n2</a>' in html
    only = text_of(client.get(f"/graphs/{pair[0]}?view=code&module=stage0.blocks.2").text)
    assert "n29 =" in only
    assert "n30 =" not in only


def test_the_diff_of_code_unified_and_side_by_side(
    client: TestClient, pair: tuple[int, int]
) -> None:
    base, head = pair
    html = client.get(f"/graphs/{head}?base={base}&view=code").text
    text = text_of(html)
    assert "+ 36 extra = aten.relu.default" in text
    assert "\N{MINUS SIGN} 36 n34 = aten.add.default ( n33 , 1 )" in text
    assert "+ 37 n34 = aten.add.default ( extra , 1 )" in text
    assert "32 nodes that are the same" in text
    assert html.count("<mark>") == 2
    (fold, _) = re.findall(r'hx-get="(/graphs/\d+/_lines[^"]*)"', html)
    opened = text_of(client.get(fold.replace("&amp;", "&")).text)
    assert opened.startswith("1 x = placeholder")
    beside = client.get(f"/graphs/{head}?base={base}&view=code&side=1").text
    assert beside.count('class="half none"') == 1
    assert 'class="half"' in beside


def test_the_table_has_pages_that_are_loaded_as_one_scrolls(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        graph = stored(seed, "big", chain(450))
    html = client.get(f"/graphs/{graph}?view=table").text
    assert 'data-total="452" data-first="0" data-size="200"' in html
    assert html.count('role="row"') == 201
    rows = client.get(f"/graphs/{graph}/_rows?view=table&from=400").text
    assert rows.count('role="row"') == 52
    assert ">n449</a>" in rows
    late = client.get(f"/graphs/{graph}?view=table&node=n300").text
    assert 'data-first="200"' in late
    assert re.search(r'class=" chosen">', late)
    after = client.get(f"/graphs/{graph}?view=table&from=200").text
    assert links(after, "from=400")


def test_the_table_filters_by_its_address(get: Any, pair: tuple[int, int]) -> None:
    base, head = pair
    text = get(f"/graphs/{head}?base={base}&view=table&changes=1")
    assert "2 of 63 nodes" in text
    assert "+ added extra aten.relu.default float32 [s0, 64] stage0.blocks.3" in text
    assert "~ changed n34 aten.add.default" in text
    text = get(f"/graphs/{head}?view=table&op=relu&shape=64&q=n3&sort=-name&dtype=&module=")
    assert re.findall(r"\bn\d+(?= aten)", text) == ["n39", "n36", "n33", "n30", "n3"]
    assert "No node matches" in get(f"/graphs/{head}?view=table&q=nothing")


def test_a_panel_opens_in_every_view(get: Any, client: TestClient, pair: tuple[int, int]) -> None:
    base, head = pair
    for view in VIEWS:
        text = get(f"/graphs/{head}?base={base}&view={view}&node=n34")
        for words in (
            *("Calls aten.add.default", "stage0.blocks.3 Block"),
            *("argument [0] n33 extra", "Arguments 0 extra 1 1", "Gives float32[s0, 64]"),
            *("s0 2 to 9 · x.shape[0]", "Users 1 n35", "x.shape[0] <= 9 range"),
        ):
            assert words in text, (view, words)
        assert "other == 8" not in text, "s01 is not s0"
    part = client.get(f"/graphs/{head}/_node?base={base}&node=n34").text
    assert part.lstrip().startswith("<section")
    assert "has no node nothing" in get(f"/graphs/{head}?node=nothing")


def test_a_removed_node_is_the_bases(get: Any, client: TestClient, pair: tuple[int, int]) -> None:
    base, head = pair[1], pair[0]
    text = get(f"/graphs/{head}?base={base}&node=extra&of=base")
    assert f"Only graph {base} has it: it was removed." in text
    assert "This graph has no node extra" in get(f"/graphs/{head}?base={base}&node=extra")
    html = client.get(f"/graphs/{head}?base={base}&view=table&status=removed").text
    assert any("node=extra" in link and "of=base" in link for link in links(html))


def test_a_panel_shows_the_users_source_where_the_upload_has_that_line(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    frame = {"file": "model.py", "line": 7, "function": "f", "text": "y = self.f(x)"}

    def graph(seed: Any, salt: str, **changes: Any) -> int:
        node = call("f", ref("x"), frame=frame | changes)
        return stored(seed, salt, document(placeholder("x"), node, output(ref("f"))))

    archive = make_zip({"pkg/model.py": SCRIPT, "main.py": "x = 1"})
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED, source=SCRIPT)
        zipped = seed.finished(Verdict.EXPORTED, source=archive, filename="a.zip")
        shown = graph(seed, "shown")
        moved, missing = graph(seed, "moved", line=3), graph(seed, "missing", line=700)
        inside = graph(seed, "inside", file="pkg/model.py")
        other = graph(seed, "other", file="torch/nn.py")
        for n, one in enumerate((shown, moved, missing, other), 1):
            seed.stage(run, n, graph_id=one)
        seed.stage(zipped, 1, graph_id=inside)
    for one in (shown, inside):
        text = get(f"/graphs/{one}?node=f")
        assert "5 x = x + 1 6 # twice 7 y = self . f(x) 8 return y" in text
    for one in (moved, missing, other):
        text = get(f"/graphs/{one}?node=f")
        assert "twice" not in text
        assert "y = self.f(x)" in text


def test_a_partial_graph_says_where_export_stopped(
    client: TestClient, get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.PARTLY)
        graph = stored(seed, "partial", chain(5))
        seed.failure(run, seed.stage(run, 1, StageStatus.FAILED, graph_id=graph))
        past = seed.stage(run, 2, kind=StageKind.BYPASS).graph_id
    for view in ("outline", "code", "table"):
        text = get(f"/graphs/{graph}?view={view}")
        assert "This graph is partial" in text
        assert "Export stops here : model.py:8 , data-dependent branch if x > 0:" in text
    assert "/runs/1/stages/1" in links(client.get(f"/graphs/{graph}").text)
    text = get(f"/graphs/{past}")
    assert "This graph is not the model\u2019s" in text
    assert "Export stops here" not in text


def test_nodes_of_an_old_graph_without_code_are_lines(
    client: TestClient, get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        graph = seed.graph("old")  # of version 1
        graph.code = zlib.compress(b"")
    assert "relu = aten.relu.default ()" in get("/graphs/1?view=code")


def test_the_difference_is_summed_and_its_absence_said(get: Any, pair: tuple[int, int]) -> None:
    base, head = pair
    text = get(f"/graphs/{head}?base={base}")
    for words in (
        *("61 the same", "~1 changed", "+1 added", "none removed", "none moved"),
        *("stage0.blocks.3 ~1 changed +1 added", "aten.relu.default +1 added"),
        f"Difference from graph {base} run 1, stage 1",
    ):
        assert words in text, words
    same = get(f"/graphs/{head}?base={head}")
    assert "Nothing is different: every node has its counterpart" in same
    assert "No node is different." in get(f"/graphs/{head}?base={head}&changes=1")


def test_a_range_that_changed_is_told_beside_the_nodes(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    wide = {"name": "s0", "lower": "2", "upper": "4096", "meaning": "x.shape[0]"}
    with seeding(engine, store, settings) as seed:
        base = stored(seed, "narrow", chain(3))
        head = stored(seed, "wide", chain(3) | {"symbols": [wide]})
    text = get(f"/graphs/{head}?base={base}")
    assert "Beside the nodes: 1" in text
    assert re.search(r"symbol s0 name s0, lower 2, upper 9.* name s0, lower 2, upper 4096", text)


def test_the_stage_that_it_is_seen_from_comes_first(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        graph = stored(seed, "shared", chain(3))
        for title in ("first run", "second run"):
            seed.stage(seed.finished(Verdict.EXPORTED, title=title), 1, graph_id=graph)
    crumbs = r'class="crumbs">.*?</p>'
    for address, title in (("", "second run"), ("?stage=1.1", "first run")):
        html = client.get(f"/graphs/{graph}{address}").text
        found = re.search(crumbs, html, re.DOTALL)
        assert found
        assert title in found[0]


@pytest.mark.parametrize("part", ["", *(f"/{part}" for part in PARTS)])
def test_what_is_not_there_is_404_and_what_is_no_address_422(
    client: TestClient, pair: tuple[int, int], part: str
) -> None:
    assert client.get(f"/graphs/99{part}").status_code == 404
    assert client.get(f"/graphs/{pair[0]}{part}?base=99").status_code == 404
    for query in ("view=odd", "base=x", "base=0", "of=odd", "status=odd", "from=-1"):
        assert client.get(f"/graphs/{pair[0]}{part}?{query}").status_code == 422, query
    assert client.get(f"/graphs/{pair[0]}{part}?{'node=' + 'x' * 3_000}").status_code == 422


def test_no_number_in_an_address_is_out_of_bounds(
    client: TestClient, pair: tuple[int, int]
) -> None:
    for address in (
        *("_outline?branch=999999&after=999999", "_lines?begin=5&end=2", "_rows?from=2147483648"),
        *("_lines?begin=2147483648&end=2147483648", "?view=code&from=99999", "?view=table&from=61"),
    ):
        assert client.get(f"/graphs/{pair[0]}/{address}".replace("/?", "?")).status_code == 200


def test_the_number_of_queries_is_the_same_for_any_graph(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        few, many = stored(seed, "few", chain(3)), stored(seed, "many", chain(900))
        seed.stage(run, 1, graph_id=few)
        for n in range(2, 40):
            stage = seed.stage(run, n, graph_id=many)
            for position in range(5):
                seed.guard(stage, position)
    for view in VIEWS:
        counts = []
        for graph in (few, many):
            address = f"/graphs/{graph}?base={few}&view={view}&node=n1"
            client.get(address)  # reads the documents
            counts.append(count_queries(app, partial(client.get, address)))
        assert counts[0] == counts[1], view
        assert counts[0] <= 16, view


def test_of_a_large_graph_each_view_renders_a_part_only(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        made = chain(10_000)
        base, head = stored(seed, "big", made), stored(seed, "bigger", with_relu(made, "n6000"))
    for query in ("", f"base={base}&"):
        for view in VIEWS:
            html = client.get(f"/graphs/{head}?{query}view={view}&node=n5000").text
            assert html.count("data-node") < 1_100, (query, view)
            assert "Calls" in html
    outline = client.get(f"/graphs/{head}?base={base}").text
    assert ">extra</a>" in outline, "what changed is open by itself"
    assert outline.count("<li") < 400


@pytest.mark.parametrize("query", ["", "&base=1", "&base=3", "&changes=1&base=3", "&side=1&base=4"])
@pytest.mark.parametrize("view", [*VIEWS, *PARTS])
def test_nothing_hostile_becomes_markup_in_any_view(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings, view: str, query: str
) -> None:
    with seeding(engine, store, settings) as seed:
        seed_evil(seed)
        stored(seed, "old", document(placeholder("x"), call("a", ref("x"), values=[FLOAT])))
    part = f"/{view}?" if view in PARTS else f"?view={view}&"
    named = client.get("/graphs/1", params={"node": EVIL}).url.query.decode()
    answer = client.get(f"/graphs/1{part}{named}&begin=0&end=9{query}")
    assert answer.status_code == 200
    for tag, attributes in Parsed(answer.text).tags:
        assert tag not in ("img", "style", "iframe", "object", "base")
        assert tag != "script" or (attributes["src"] or "").startswith("/static/")
        for name, value in attributes.items():
            assert re.fullmatch(r"[a-z][a-z:-]*[\dx]*(:inherited)?", name), (tag, name)
            assert not name.startswith("on")
            assert name != "style"
            if name in ("href", "action", "src", "hx-get", "data-source"):
                assert (value or "").startswith(("/", "#")), value
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]", answer.text)
    assert str(7919 * 7907) not in answer.text


def test_a_hostile_name_leads_to_its_node(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        graph = stored(seed, "evil", evil_document())
    html = client.get(f"/graphs/{graph}?view=table").text
    (address, *_) = links(html, "node=")
    part = text_of(client.get(address).text)
    assert "Users" in part
    assert "has no node" not in part
