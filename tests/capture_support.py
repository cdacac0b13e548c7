"""Graphs that the probe captures from real exports, and what holds for every one of them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from app.graphs.document import GraphDocument, Node
from app.graphs.reading import read_document
from tests.stage_support import HERE, export_whole
from workers import strictjson
from workers.probe.capture import capture
from workers.probe.frames import Places
from workers.rows import graph_row


class Call(nn.Module):
    """A model of one function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        """What the function gives."""
        return self.function(*args)


def graph_of(model: nn.Module, *args: Any, **fields: Any) -> GraphDocument:
    """The graph of a model that exports; it is sound."""
    finished = export_whole(model, *args, **fields)
    assert finished.status == "passed", finished.failure
    assert finished.graph is not None
    check_sound(finished.graph)
    return finished.graph


def captured(program: torch.export.ExportedProgram) -> GraphDocument:
    """The graph of a program; it is sound, and came through a line of JSON."""
    return through_a_line(capture(program, Places(HERE), lambda _symbol: ""))


def through_a_line(data: dict[str, Any]) -> GraphDocument:
    """A captured graph as the worker reads it; it is sound."""
    line = json.dumps({"graph": data}, allow_nan=False).encode()
    graph = GraphDocument.model_validate(strictjson.parse(line)["graph"])
    check_sound(graph)
    return graph


def failed_graph_of(model: nn.Module, *args: Any, **fields: Any) -> GraphDocument:
    """The graph up to the failure of one that does not."""
    finished = export_whole(model, *args, **fields)
    assert finished.status == "failed"
    assert finished.graph is not None
    check_sound(finished.graph)
    return finished.graph


def bodies_of(graph: GraphDocument) -> dict[str, list[Node]]:
    """All bodies by name."""
    return {"": graph.nodes} | {name: body.nodes for name, body in graph.subgraphs.items()}


def named(graph: GraphDocument, name: str, body: str = "") -> Node:
    """A node of a body."""
    return next(node for node in bodies_of(graph)[body] if node.name == name)


def calls(graph: GraphDocument, target: str, body: str = "") -> list[Node]:
    """The nodes of a body that call `target`."""
    return [node for node in bodies_of(graph)[body] if node.target == target]


def references(value: Any) -> Iterator[str]:
    """The names of nodes in an argument."""
    if isinstance(value, dict):
        if set(value) == {"node"} and isinstance(value["node"], str):
            yield value["node"]
        else:
            for item in value.values():
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def check_sound(graph: GraphDocument) -> None:
    """Names are unique, references name an earlier node, subgraphs hang on one, nothing is lost
    where it is stored.
    """
    hanging = set()
    for body, nodes in bodies_of(graph).items():
        seen: set[str] = set()
        for node in nodes:
            assert set(references([node.args, node.kwargs])) <= seen, node
            assert node.name not in seen, node
            seen.add(node.name)
            hanging.add(graph.subgraph_of(body, node))
    assert set(graph.subgraphs) == hanging - {None}
    names = {node.name for node in graph.nodes}
    assert {item.name for item in graph.inputs} <= names
    mutated = {item.target for item in graph.outputs if item.kind == "mutation"}
    assert mutated <= names | {item.target for item in graph.inputs}
    stored = json.dumps(graph.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    assert read_document(stored.encode()) == graph
    assert graph_row(graph, "").version == graph.version
