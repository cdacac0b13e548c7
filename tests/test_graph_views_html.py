"""A node's line as HTML, the address of a view, and what is kept of graphs in the process."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.db import read_scope
from app.errors import NotFoundError
from app.graph_address import Address, Links
from app.graphs.document import Node
from app.graphs.markup import LINE, node_html
from app.models import Graph
from app.services import graph_cache
from app.services.graph_cache import Cache, comparison_of, diff_of, document_of, outline_of
from app.services.storage import BlobStore
from app.settings import Settings
from tests.graph_view_support import call, chain, placeholder, ref, store, with_relu
from tests.web_support import seeding


def html_of(node: dict[str, Any], **more: Any) -> str:
    return str(node_html(Node.model_validate(node), lambda name: f"/to/{quote(name)}", **more))


def test_a_line_links_its_arguments_and_its_own_name() -> None:
    html = html_of(call("add", ref("x"), 1, "text", None), own="/own")
    assert '<a class="nf" data-node href="/own">add</a>' in html
    assert '<a class="ref" href="/to/x">x</a>' in html
    assert '<span class="mi">1</span>' in html
    assert '<span class="s">&#39;text&#39;</span>' in html
    assert '<span class="c"># float32[s0, 64]</span>' in html
    plain = node_html(Node.model_validate(call("add", ref("x"))), lambda _: None)
    assert "<a" not in plain


def test_only_what_was_edited_is_marked() -> None:
    node = call("add", ref("x"), [1, 2], kwargs={"alpha": 2})
    assert html_of(node, edited=frozenset({"[1][0]"})).count("<mark>") == 1
    assert "<mark>alpha=" in html_of(node, edited=frozenset({"['alpha']"}))
    assert '<mark><span class="nb">aten.add' in html_of(node, edited=frozenset({"target"}))
    assert '<mark><span class="c"># ' in html_of(node, edited=frozenset({"value"}))
    assert "<mark>" not in html_of(node, edited=frozenset({"[10]"}))


@given(st.text(max_size=80))
def test_no_name_becomes_markup_or_breaks_a_line(text: str) -> None:
    node = call("f", ref(text), text, {"object": text}, kwargs={text: text}) | {"name": text}
    html = html_of(node | {"target": text}, own="/own")
    assert "\n" not in html
    assert html.count("<") == html.count(">")
    tags = {part.partition(">")[0].partition(" ")[0] for part in html.split("<")[1:]}
    assert tags <= {"a", "span", "/a", "/span"}


def test_a_line_without_end_is_cut() -> None:
    assert len(html_of(call("f", [0] * 100_000))) < 40 * LINE
    assert html_of(placeholder("x" * 400)).count("x" * 100) >= 1
    assert len(html_of(call("f", {"dict": {str(n): "y" * 900 for n in range(900)}}))) < 40 * LINE


ADDRESSES = st.builds(
    Address,
    base=st.none() | st.integers(1, 2**40),
    stage=st.sampled_from(["", "1.2"]),
    view=st.sampled_from(["outline", "code", "table", "graph"]),
    module=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    node=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    of=st.sampled_from(["", "base"]),
    q=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    status=st.sampled_from(["", "added"]),
    changes=st.booleans(),
    side=st.booleans(),
    first=st.integers(0, 10**6),
)


def fields_of(text: str) -> dict[str, str]:
    parsed = parse_qs(urlsplit(text).query, keep_blank_values=True)
    return {name: values[0] for name, values in parsed.items()}


@given(ADDRESSES)
def test_an_address_is_what_its_link_says(address: Address) -> None:
    assert Address.model_validate(fields_of(address.text())) == address


@given(ADDRESSES, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_the_link_to_a_node_keeps_what_is_seen_but_the_page_of_it(
    address: Address, name: str
) -> None:
    for base in (False, True):
        link = Links(7, address).node(name, base=base)
        assert link.startswith("/graphs/7?")
        wanted = address.model_copy(update={"node": name, "of": "base" if base else "", "first": 0})
        assert Address.model_validate(fields_of(link)) == wanted


def test_a_name_that_no_encoding_has_is_still_a_link() -> None:
    assert Links(1, Address()).node("a\ud800") == "/graphs/1?node=a%3F"
    assert Links(1, Address()).to(node="\ud800") == "/graphs/1?node=%3F"


def test_an_empty_field_of_a_form_is_no_filter() -> None:
    asked = {"base": "", "q": "", "changes": "", "from": "", "view": "table"}
    assert Address.model_validate(asked) == Address(view="table")


def test_the_cache_keeps_what_was_used_last_up_to_its_size() -> None:
    made: list[str] = []

    def get(key: str, size: int) -> str:
        def make() -> str:
            made.append(key)
            return key

        return cache.get(key, make, lambda _: size)

    cache = Cache(limit=10)
    for key in ("a", "b", "a", "c", "a", "b"):
        assert get(key, 4) == key
    assert made == ["a", "b", "c", "b"]  # c put b out, which was used before a
    assert cache.size == 8
    for key in ("huge", "huger"):
        get(key, 1_000)
    assert "huge" in cache
    assert "huger" in cache
    assert cache.size == 2_000


def test_what_fails_to_be_made_is_not_kept() -> None:
    cache = Cache()
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0, lambda _: 1)
    assert cache.get("a", lambda: 5, lambda _: 1) == 5


def test_graphs_are_read_once_and_known_by_what_is_in_them(
    engine: Engine, store_of: BlobStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_cache, "_cache", Cache())
    made = chain(20)
    with seeding(engine, store_of, settings) as seed:
        base, head = store(seed, "a", made), store(seed, "b", with_relu(made, "n7"))
    with read_scope(engine) as session:
        assert document_of(session, base) is document_of(session, base)
        assert comparison_of(session, head, base) is comparison_of(session, head, base)
        assert outline_of(session, head, base).comparison is comparison_of(session, head, base)
        assert (diff_of(session, base, head).summary.added) == 1
        assert (diff_of(session, head, base).summary.removed) == 1
        for missing in ((99, base), (base, 99)):
            with pytest.raises(NotFoundError):
                diff_of(session, *missing)
    with seeding(engine, store_of, settings) as seed:
        graph = seed.session.get_one(Graph, head)
        seed.session.delete(graph)
        seed.session.flush()
        assert store(seed, "c", chain(5)) == head, "SQLite gives the number of the last row again"
    with read_scope(engine) as session:
        assert len(document_of(session, head).nodes) == 7


@pytest.fixture
def store_of(settings: Settings) -> BlobStore:
    """Where uploads lie; `store` is the name of what stores a graph here."""
    return BlobStore(settings.data / "scripts")
