"""A graph's nodes by name, their users and the owners of its subgraphs. Pure.

Documents come from hostile code: references may dangle, and nest as deep as JSON does.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from app.graphs.document import GraphDocument, GraphInput, Module, Node

Users = dict[str, dict[str, list[int]]]  # body → name → places of the nodes that take it


class GraphIndex:
    """What the views look up in a document. `""` is the body of the graph itself."""

    def __init__(self, document: GraphDocument) -> None:
        self.document = document
        self.bodies: dict[str, list[Node]] = {"": document.nodes} | {
            name: body.nodes for name, body in document.subgraphs.items() if name
        }

    @cached_property
    def places(self) -> dict[str, dict[str, int]]:
        """Body → name → place of the node; the first one where a name comes twice."""
        return {
            body: {node.name: index for index, node in reversed(list(enumerate(nodes)))}
            for body, nodes in self.bodies.items()
        }

    @cached_property
    def users(self) -> Users:
        """Who takes what."""
        found: Users = {}
        for body, nodes in self.bodies.items():
            takes = found.setdefault(body, {})
            for index, node in enumerate(nodes):
                for name in dict.fromkeys(references(node)):
                    takes.setdefault(name, []).append(index)
        return found

    @cached_property
    def inputs(self) -> dict[str, GraphInput]:
        """What each placeholder of the graph itself stands for."""
        return {item.name: item for item in self.document.inputs}

    @cached_property
    def owners(self) -> dict[str, tuple[str, int]]:
        """Subgraph → the first node that runs it; none for one that nothing runs."""
        found: dict[str, tuple[str, int]] = {}
        for body, nodes in self.bodies.items():
            for index, node in enumerate(nodes):
                for name in self.subgraphs_of(body, node):
                    found.setdefault(name, (body, index))
        return found

    def subgraphs_of(self, body: str, node: Node) -> Iterator[str]:
        """The subgraphs that a node takes as arguments."""
        if not node.op.startswith("call_"):
            return
        for kind, name in _named(node, ("graph", "node")):
            if kind == "graph":
                inner = f"{body}.{name}" if body else name
                yield from (one for one in (inner, name) if one in self.document.subgraphs)
            elif (at := self.places[body].get(name)) is not None:
                given = self.document.subgraph_of(body, self.bodies[body][at])
                yield from () if given is None else (given,)

    def find(self, text: str) -> tuple[str, int] | None:
        """The node that an address names: `name`, or `body:name`."""
        if (index := self.places[""].get(text)) is not None:
            return "", index
        for body, places in self.places.items():
            index = places.get(text.removeprefix(f"{body}:"))
            if text.startswith(f"{body}:") and index is not None:
                return body, index
        return None


def names_within(modules: Iterable[Module], around: str = "") -> Iterator[str]:
    """Each module as it is called in the one before it, with the call where it is not the first."""
    for path, _, call in modules:
        name = path.removeprefix(f"{around}.") if around else path
        yield f"{name} (call {call + 1})" if call else name
        around = path


def references(node: Node) -> Iterator[str]:
    """The names of the nodes that it takes, in order, as often as it takes them."""
    return (name for _, name in _named(node, ("node",)))


def _named(node: Node, kinds: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Objects such as `{"node": name}` among its arguments."""
    waiting: list[Any] = [*reversed([*node.args, *node.kwargs.values()])]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            for kind, inner in value.items():
                if isinstance(inner, str):
                    if kind in kinds and len(value) == 1:
                        yield kind, inner
                elif kind == "dict" and isinstance(inner, dict):
                    waiting += reversed(inner.values())
                else:
                    waiting.append(inner)
