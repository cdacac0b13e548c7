"""Graphs in other programs' formats: whole, and harmless whatever their names are."""

import csv
import io
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from app.graphs.document import GraphDocument, Node, Subgraph
from app.graphs.exports.bodies import GROUP_DEPTH, bodies_of, edges_of
from app.graphs.exports.dot import to_dot
from app.graphs.exports.histogram import to_csv
from app.graphs.exports.model_explorer import to_json
from tests.dot_support import read_dot
from tests.hostile_documents import documents
from tests.model_explorer_schema import Graph, GraphCollection

# The machine may be busy.
ANY = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def node(name: str, *args: str | int, **values: Any) -> Node:
    """A node that calls `aten.NAME` on these; text is a reference."""
    given: dict[str, Any] = {"op": "call_function", "target": f"aten.{name}.default"}
    references = [{"node": one} if isinstance(one, str) else one for one in args]
    return Node.model_validate({"name": name, "args": references} | given | values)


def document(*nodes: Node, **subgraphs: list[Node]) -> GraphDocument:
    bodies = {name: Subgraph(nodes=body) for name, body in subgraphs.items()}
    return GraphDocument(version=2, nodes=list(nodes), subgraphs=bodies)


def at(*paths: str) -> list[list[Any]]:
    """A chain of modules."""
    return [["", "Net", 0], *([path, "Block", 0] for path in paths)]


X = node("x", op="placeholder", target="x")
NET = document(
    X,
    node("conv", "x", modules=at("backbone", "backbone.body"), values=[{"shape": [1, "s0"]}]),
    node("split", "conv", modules=at("neck")),
    node("getitem", "split", 1, target="_operator.getitem", modules=at("neck")),
    node("branch", op="get_attr", target="true_graph_0"),
    node("cond", "getitem", "branch", target="cond"),
    node("output", "cond", op="output", target="output"),
    true_graph_0=[node("sin", "y"), node("cos", "sin")],
)


# -- Model Explorer


def read(found: GraphDocument) -> list[Graph]:
    """The graphs of a file, and all that holds them together."""
    made = GraphCollection.model_validate_json(to_json(found, "graph 7"))
    assert made.label == "graph 7"
    graphs = {graph.id for graph in made.graphs}
    assert len(graphs) == len(made.graphs)
    for graph in made.graphs:
        ids = {one.id for one in graph.nodes}
        assert len(ids) == len(graph.nodes)
        for one in graph.nodes:
            assert {edge.sourceNodeId for edge in one.incomingEdges} <= ids
            assert set(one.subgraphIds) <= graphs
            assert not one.namespace or one.namespace in graph.groupNodeAttributes
            assert one.namespace.count("/") < GROUP_DEPTH
    return made.graphs


def test_model_explorer_gets_nodes_edges_and_boxes() -> None:
    graph, subgraph = read(NET)
    nodes = {one.id: one for one in graph.nodes}
    assert [one.namespace for one in graph.nodes][:4] == ["", "backbone/body", "neck", "neck"]
    assert graph.groupNodeAttributes["backbone/body"] == {
        "module": "backbone.body",
        "class": "Block",
    }
    edge = nodes["getitem"].incomingEdges[0]
    assert (edge.sourceNodeId, edge.sourceNodeOutputId) == ("split", "1")
    assert [edge.sourceNodeId for edge in nodes["cond"].incomingEdges] == ["getitem", "branch"]
    assert nodes["conv"].outputsMetadata[0].attrs[0].value == "[1, s0]"
    assert nodes["conv"].label == "aten.conv.default"
    assert {line.key: line.value for line in nodes["conv"].attrs} == {
        "op": "call_function",
        "target": "aten.conv.default",
        "args[0]": "x",
        "module": "backbone.body",
    }
    assert subgraph.id == "graph 7 / true_graph_0"
    assert nodes["cond"].subgraphIds == [subgraph.id]
    assert [one.id for one in subgraph.nodes] == ["true_graph_0/sin", "true_graph_0/cos"]


def test_a_second_call_of_a_module_is_another_box() -> None:
    modules = [["", "Net", 0], ["block", "Block", 1]]
    [graph] = read(document(node("relu", modules=modules)))
    assert graph.nodes[0].namespace == "block (call 2)"


@ANY
@given(documents())
def test_any_graph_is_model_explorers(found: GraphDocument) -> None:
    nodes = [one for graph in read(found) for one in graph.nodes]
    assert len(nodes) == sum(len(body.nodes) for body in bodies_of(found))


# -- GraphViz


def test_dot_has_clusters_by_module_and_all_edges() -> None:
    text = to_dot(NET, "graph 7")
    nodes, edges, labels = read_dot(text)
    inside = ["true_graph_0/sin", "true_graph_0/cos"]
    assert nodes == ["x", "branch", "cond", "output", "conv", "split", "getitem", *inside]
    assert ("split", "getitem") in edges
    assert ("cond", "true_graph_0/sin") in edges
    assert ("true_graph_0/sin", "true_graph_0/cos") in edges
    assert {"graph 7", "backbone: Block", "body: Block", "subgraph true_graph_0"} <= set(labels)
    assert "aten.conv.default\n[1, s0]" in labels
    inner = text.index('label="body: Block"')
    assert text.index('label="backbone: Block"') < inner < text.index('"conv" [')


@pytest.mark.parametrize("name", ['a"b', "a\\", 'a\\"', "a\nb", "<b>", "&lt;", "\u202ea", "{;}"])
def test_a_name_never_leaves_its_quotes(name: str) -> None:
    [one], edges, labels = read_dot(to_dot(document(node(name, target=name)), "g"))
    assert not edges
    assert one == bodies_of(document(node(name)))[0].ids[0]
    assert labels[1].isprintable()


@ANY
@given(documents())
def test_any_graph_is_dot_with_all_nodes_and_edges(found: GraphDocument) -> None:
    nodes, edges, _ = read_dot(to_dot(found, "graph 7"))
    bodies = bodies_of(found)
    assert sorted(nodes) == sorted(id_ for body in bodies for id_ in body.ids)
    expected = [
        (edge.source, id_)
        for body in bodies
        for id_, one in body.items()
        for edge in edges_of(one, body)
    ]
    assert not Counter(expected) - Counter(edges)
    assert {name for edge in edges for name in edge} <= set(nodes)


# -- operators as CSV


def rows_of(text: str) -> list[list[str]]:
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_the_histogram_counts_by_operator_and_top_module() -> None:
    relu = "aten.relu.default"
    found = document(
        X,
        node("a", target=relu, modules=at("backbone", "backbone.body")),
        node("b", target=relu, modules=at("backbone")),
        node("c", target=relu),
        node("d", modules=at("head")),
        branch=[node("e", target=relu, modules=at("head"))],
    )
    assert rows_of(to_csv(found)) == [
        ["target", "total", "module", "count"],
        [relu, "4", "", "1"],
        [relu, "4", "backbone", "2"],
        [relu, "4", "head", "1"],
        ["aten.d.default", "1", "head", "1"],
    ]


def test_with_a_base_there_are_the_counts_of_both() -> None:
    text = to_csv(document(node("a"), node("b")), base=document(node("b"), node("c")))
    assert rows_of(text) == [
        ["target", "total", "base_total", "module", "count", "base_count"],
        ["aten.b.default", "1", "1", "", "1", "1"],
        ["aten.a.default", "1", "0", "", "1", "0"],
        ["aten.c.default", "0", "1", "", "0", "1"],
    ]


@ANY
@given(documents(), documents())
def test_no_cell_of_any_graph_is_a_formula(found: GraphDocument, base: GraphDocument) -> None:
    head, *rows = rows_of(to_csv(found, base))
    assert all(len(row) == len(head) for row in rows)
    for row in rows:
        for cell in row:
            for piece in re.split(r"[;,|\t]", cell):
                assert not piece.lstrip(' "').startswith(tuple("=+-@\uff1d"))
    calls = [one for body in bodies_of(found) for one in body.nodes if one.op.startswith("call_")]
    assert sum(int(row[4]) for row in rows) == len(calls)


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1", "a;=1", '"=1']
)
def test_a_formula_is_text(name: str) -> None:
    [_, row] = rows_of(to_csv(document(node("n", target=name))))
    assert re.search(r"(^|;)'", row[0])
