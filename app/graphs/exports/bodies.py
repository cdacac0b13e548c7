"""What every format needs of a graph: ids that are unique, references as edges, modules as groups.

Documents come from hostile code: names may be anything, and references lead anywhere or nowhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.graphs.document import GraphDocument, Node
from app.graphs.index import names_within, references
from app.text import visible

GROUP_DEPTH = 32  # of modules in modules; what lies deeper stays in the last of them
SHOWN_CHARACTERS = 2_000  # of one argument, or whatever else is written out


@dataclass(frozen=True)
class Edge:
    """A value that a node takes."""

    source: str  # id of the node that gives it
    output: int  # which of its values; 0 as well where the node takes all of them


@dataclass(frozen=True)
class Group:
    """A module's call as a box around nodes."""

    name: str  # within the group around it
    path: str
    class_name: str


@dataclass(frozen=True)
class Body:
    """A graph or subgraph. `ids` are those of its nodes, in order, each the only one in all."""

    name: str  # "" is the graph itself
    nodes: Sequence[Node]
    ids: Sequence[str]
    by_name: Mapping[str, str]  # a node's name → its id

    def items(self) -> Iterator[tuple[str, Node]]:
        """The nodes with their ids."""
        return zip(self.ids, self.nodes, strict=True)


def bodies_of(document: GraphDocument) -> list[Body]:
    """The graph itself, then its subgraphs."""
    taken: set[str] = set()
    named = ((name, subgraph.nodes) for name, subgraph in document.subgraphs.items() if name)
    return [_body(name, nodes, taken) for name, nodes in (("", document.nodes), *named)]


def _body(name: str, nodes: Sequence[Node], taken: set[str]) -> Body:
    ids: list[str] = []
    by_name: dict[str, str] = {}
    for place, node in enumerate(nodes):
        shown = on_one_line(node.name) or "unnamed"
        unique = shown = f"{on_one_line(name)}/{shown}" if name else shown
        while unique in taken:
            unique = f"{shown} #{place}" if unique == shown else f"{unique}'"
        taken.add(unique)
        ids.append(unique)
        by_name.setdefault(node.name, unique)
    return Body(name, nodes, ids, by_name)


def edges_of(node: Node, body: Body) -> Iterator[Edge]:
    """The values that a node takes from others that there are, in order."""
    output = _taken(node)
    for name in references(node):
        if name in body.by_name:
            yield Edge(body.by_name[name], output)


def _taken(node: Node) -> int:
    """Which value of its argument a getitem takes."""
    index = node.args[1] if node.target.endswith("getitem") and len(node.args) == 2 else 0
    return index if isinstance(index, int) and index > 0 else 0


def groups_of(node: Node) -> tuple[Group, ...]:
    """The modules around a node, outermost first, without the root."""
    return _groups(tuple(node.modules[: GROUP_DEPTH + 1]))


@lru_cache(maxsize=4_096)
def _groups(modules: tuple[tuple[str, str, int], ...]) -> tuple[Group, ...]:
    inner = [module for module in modules if module[0]][:GROUP_DEPTH]
    return tuple(
        Group(on_one_line(name), on_one_line(path), on_one_line(class_name))
        for name, (path, class_name, _) in zip(names_within(inner), inner, strict=True)
    )


def on_one_line(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """Text from strangers on one line, nothing in it hidden, cut past the limit."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    line = " ".join(visible(text).split("\n"))
    return line if len(line) <= limit else f"{line[:limit]}…"
