"""A graph as a table of its nodes, and the panel of one node, apart from pages."""

from typing import Any

import pytest

from app.graphs.panel import panel_of
from app.graphs.table import Query, shape_text
from tests.graph_view_support import (
    COND,
    FLOAT,
    call,
    chain,
    comparison,
    document,
    names,
    placeholder,
    ref,
    with_relu,
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"op": "relu"}, ["n0", "n3", "n6"]),
        ({"op": "placeholder"}, ["x"]),
        ({"op": "call_function", "text": "n1"}, ["n1"]),
        ({"line": "model.py:12"}, ["n2"]),
        ({"shape": "64"}, ["x", *(f"n{n}" for n in range(8))]),
        ({"shape": "[s0, 64]", "dtype": "FLOAT", "op": "add"}, ["n1", "n4", "n7"]),
        ({"shape": "6"}, []),
        ({"dtype": "int"}, []),
        ({"text": "stage0.blocks.1"}, ["n5", "n6", "n7"]),
        ({"module": "stage0.blocks.1"}, ["n5", "n6", "n7"]),
        ({"module": "stage0.blocks"}, [f"n{n}" for n in range(8)]),
        ({"module": "stage0.bl"}, []),
        ({"op": "relu", "sort": "-name"}, ["n6", "n3", "n0"]),
        ({"module": "stage0", "sort": "-source", "op": "add"}, ["n4", "n1", "n7"]),
        ({"text": "N1", "sort": "nonsense"}, ["n1"]),
    ],
)
def test_the_table_filters_and_sorts(query: dict[str, Any], found: list[str]) -> None:
    assert names(comparison(chain(8, per_block=5)), Query(**query)) == found


def test_the_table_sorts_by_every_column_whatever_is_in_it() -> None:
    odd = [
        call("none", values=[], modules="", frame=None),
        call("number", values=[{"kind": "symint", "value": "s0"}]),
        call("symbol", values=[FLOAT | {"shape": ["s1", 2]}]),
        call("plain", values=[FLOAT | {"shape": [1, 2]}]),
        call("many", values=[FLOAT] * 3) | {"modules": []},
    ]
    made = comparison(document(*odd))
    for sort in ("order", "name", "op", "dtype", "shape", "module", "source", "status"):
        ordered = names(made, Query(sort=sort))
        assert sorted(ordered) == sorted(one["name"] for one in odd)
        assert len(names(made, Query(sort=f"-{sort}"))) == len(odd)
    assert names(made, Query(sort="-order"))[0] == "many"
    # By rank, a symbol before a number.
    assert names(made, Query(sort="shape"))[-3:] == ["many", "symbol", "plain"]


def test_of_many_shapes_a_row_has_the_first_few() -> None:
    node = comparison(document(call("split", values=[FLOAT] * 5))).entries[0].node
    assert shape_text(node, 2) == "[s0, 64], [s0, 64], … 5 in all"
    assert shape_text(node, 5) == shape_text(node) == ", ".join(["[s0, 64]"] * 5)


def test_the_table_filters_by_what_became_of_a_node() -> None:
    base = chain(20)
    made = comparison(base, with_relu(base, "n7"))
    assert names(made, Query(status="removed")) == ["extra"]
    assert names(made, Query(changes=True)) == ["extra", "n8"]
    assert len(names(made, Query(status="same"))) == 21


def test_a_panel_has_arguments_users_values_symbols_and_what_changed() -> None:
    base = chain(20)
    made = comparison(with_relu(base, "n7"), base)
    entry = made.find("n8")
    assert entry is not None
    panel = panel_of(made, entry)
    (first, extra), *_ = panel.arguments[0].parts
    assert first == ("ref", "extra")
    assert extra is made.find("extra")
    assert [user.node.name for user in panel.users] == ["n9"]
    assert [symbol.meaning for symbol in panel.symbols] == ["x.shape[0]"]
    (change,) = panel.changes
    assert [token for token, _ in (*change.before, *change.after)] == [
        ("ref", "n7"),
        ("ref", "extra"),
    ]


def test_a_panel_knows_the_place_of_a_removed_node_and_of_one_in_a_subgraph() -> None:
    base = chain(20)
    made = comparison(base, with_relu(base, "n7"))
    assert made.find("extra") is None
    removed = made.find("extra", base=True)
    assert removed is not None
    assert made.address_of(removed) == "extra"
    panel = panel_of(made, removed)
    assert [user.node.name for user in panel.users] == ["n8"]  # in the base
    inner = comparison(COND)
    sine = inner.find("true_0:sin")
    assert sine is not None
    assert panel_of(inner, sine).body == "true_0"
    cond = inner.find("cond")
    assert cond is not None
    assert panel_of(inner, cond).subgraphs == ("true_0", "false_0")


def test_references_that_dangle_and_arguments_without_end_are_only_text() -> None:
    deep: Any = [ref("x")]
    for _ in range(50):
        deep = [deep]
    many = [ref("gone")] * 5_000
    made = comparison(document(placeholder("x"), call("f", deep, many, {"node": 3}, {"a": {}})))
    entry = made.find("f")
    assert entry is not None
    panel = panel_of(made, entry)
    assert all(found is None for argument in panel.arguments for _, found in argument.parts)
    assert max(len(argument.parts) for argument in panel.arguments) < 300
    x = made.find("x")
    assert x is not None
    assert [user.node.name for user in panel_of(made, x).users] == ["f"]


def test_two_nodes_of_one_name_are_both_there() -> None:
    made = comparison(document(placeholder("x"), call("f", ref("x")), call("f", ref("f"))))
    assert [entry.index for entry in made.entries] == [0, 1, 2]
    assert made.find("f") is made.entries[1]
    assert made.find("nobody:f") is None
