"""Graphs as Model Explorer reads them: a collection, each subgraph a graph of its own.

The format is that of its adapters (`graph_builder.py` in google-ai-edge/model-explorer). A
namespace is the path of modules around a node; a node's `subgraphIds` lead to other graphs.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TypedDict

from app.graphs.document import GraphDocument, Node, TensorSpec
from app.graphs.exports.bodies import Body, bodies_of, edges_of, groups_of, on_one_line
from app.graphs.index import GraphIndex
from app.graphs.listing import argument_text, spec_text

# Plain dictionaries with the format's own keys: a large graph has hundreds of thousands of them.


class KeyValue(TypedDict):
    """One line of the side panel."""

    key: str
    value: str


class IncomingEdge(TypedDict):
    """A value that a node takes, from which output and as which input."""

    sourceNodeId: str
    sourceNodeOutputId: str
    targetNodeInputId: str


class MetadataItem(TypedDict):
    """What there is to say of one output; `id` is its number."""

    id: str
    attrs: list[KeyValue]


class GraphNode(TypedDict):
    """A node; `namespace` is a path of boxes, `a/b/c`."""

    id: str
    label: str
    namespace: str
    subgraphIds: list[str]
    attrs: list[KeyValue]
    incomingEdges: list[IncomingEdge]
    outputsMetadata: list[MetadataItem]


class Graph(TypedDict):
    """A graph; `groupNodeAttributes` are those of its boxes, by namespace."""

    id: str
    nodes: list[GraphNode]
    groupNodeAttributes: dict[str, dict[str, str]]


class GraphCollection(TypedDict):
    """A file of Model Explorer's."""

    label: str
    graphs: list[Graph]


def collection(document: GraphDocument, label: str) -> GraphCollection:
    """The document's graph, which has `label` for an id, and its subgraphs."""
    index = GraphIndex(document)
    return {"label": label, "graphs": [_graph(body, index, label) for body in bodies_of(document)]}


def to_json(document: GraphDocument, label: str) -> str:
    """The same as JSON."""
    return json.dumps(collection(document, label), ensure_ascii=False, separators=(",", ":"))


def _graph(body: Body, index: GraphIndex, label: str) -> Graph:
    boxes: dict[str, dict[str, str]] = {}
    nodes: list[GraphNode] = []
    for id_, node in body.items():
        namespace = ""
        for namespace, told in _boxes(node):
            boxes.setdefault(namespace, told)
        runs = [
            _graph_id(label, name) for name in dict.fromkeys(index.subgraphs_of(body.name, node))
        ]
        nodes.append(_node(id_, node, body, namespace, runs))
    return {"id": _graph_id(label, body.name), "nodes": nodes, "groupNodeAttributes": boxes}


def _graph_id(label: str, name: str) -> str:
    return f"{label} / {name}" if name else label


def _node(id_: str, node: Node, body: Body, namespace: str, runs: list[str]) -> GraphNode:
    return {
        "id": id_,
        "label": on_one_line(node.target if node.op.startswith("call_") else node.name),
        "namespace": namespace,
        "subgraphIds": runs,
        "attrs": _lines(_attributes(node)),
        "incomingEdges": [
            {
                "sourceNodeId": edge.source,
                "sourceNodeOutputId": str(edge.output),
                "targetNodeInputId": str(number),
            }
            for number, edge in enumerate(edges_of(node, body))
        ],
        "outputsMetadata": [
            {"id": str(number), "attrs": _lines(_output(spec))}
            for number, spec in enumerate(node.values)
        ],
    }


def _lines(told: Iterable[tuple[str, str]]) -> list[KeyValue]:
    return [{"key": on_one_line(key), "value": on_one_line(value)} for key, value in told if value]


def _boxes(node: Node) -> Iterator[tuple[str, dict[str, str]]]:
    """Each namespace around a node with what is said of it."""
    namespace = ""
    for group in groups_of(node):
        name = group.name.replace("/", "\N{DIVISION SLASH}")  # a slash opens another box
        namespace = f"{namespace}/{name}" if namespace else name
        yield namespace, {"module": group.path, "class": group.class_name}


def _attributes(node: Node) -> Iterator[tuple[str, str]]:
    yield "op", node.op
    yield "target", node.target
    for number, value in enumerate(node.args):
        yield f"args[{number}]", argument_text(value)
    for name, value in node.kwargs.items():
        yield name, argument_text(value)
    if node.modules:
        yield "module", node.modules[-1][0]
    if node.frame is not None:
        yield "source", f"{node.frame.file}:{node.frame.line}"
        yield "source text", node.frame.text.strip()


def _output(spec: TensorSpec) -> Iterator[tuple[str, str]]:
    yield "tensor_shape", spec_text(spec)  # the key that is also written beside an edge
    yield "device", spec.device
    yield "name", spec.name
    yield "stride", ", ".join(map(str, spec.stride))
    yield "layout", spec.layout
