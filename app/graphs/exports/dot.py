"""Graphs in GraphViz's DOT language: modules are clusters, and every name is quoted."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.graphs.document import GraphDocument, Node
from app.graphs.exports.bodies import Body, bodies_of, edges_of, groups_of, on_one_line
from app.graphs.index import GraphIndex
from app.graphs.listing import values_text

LABEL_CHARACTERS = 120  # of one line

_SHAPES = {"placeholder": "ellipse", "get_attr": "ellipse", "output": "ellipse"}


@dataclass
class _Cluster:
    """A box with what lies in it."""

    label: str
    nodes: list[tuple[str, Node]] = field(default_factory=list)  # with their ids
    inside: "dict[str, _Cluster]" = field(default_factory=dict)


def to_dot(document: GraphDocument, title: str) -> str:
    """The graph with its subgraphs, each in a box of its own."""
    bodies = bodies_of(document)
    root = _Cluster(title)
    for body in bodies:
        into = root
        if body.name:
            into = root.inside.setdefault(f"\0{body.name}", _Cluster(f"subgraph {body.name}"))
        _place(body, into)
    lines = [
        f"digraph {quoted(title)} {{",
        f"  graph [label={label(title)}, labelloc=t, fontname=sans, fontsize=10];",
        "  node [shape=box, fontname=sans, fontsize=10];",
        "  edge [arrowsize=0.6];",
        *_cluster(root, iter(range(2**31)), "  "),
        *_edges(bodies, GraphIndex(document)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A DOT string that stands for this name."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def label(*lines: str) -> str:
    """A DOT string that is drawn as these lines: no escape and no entity in them is one."""
    cut = (on_one_line(line, LABEL_CHARACTERS).replace("&", "&amp;") for line in lines if line)
    return '"' + "\\n".join(quoted(line)[1:-1] for line in cut) + '"'


def _place(body: Body, into: _Cluster) -> None:
    for id_, node in body.items():
        at = into
        for group in groups_of(node):
            title = f"{group.name}: {group.class_name.rpartition('.')[2]}"
            at = at.inside.setdefault(group.name, _Cluster(title))
        at.nodes.append((id_, node))


def _cluster(cluster: _Cluster, numbers: Iterator[int], margin: str) -> Iterator[str]:
    for id_, node in cluster.nodes:
        shape = f", shape={_SHAPES[node.op]}" if node.op in _SHAPES else ""
        name = node.target if node.op.startswith("call_") else node.name
        yield f"{margin}{quoted(id_)} [label={label(name, values_text(node.values))}{shape}];"
    for inside in cluster.inside.values():
        yield f'{margin}subgraph "cluster_{next(numbers)}" {{'
        yield f"{margin}  label={label(inside.label)};"
        yield from _cluster(inside, numbers, f"{margin}  ")
        yield f"{margin}}}"


def _edges(bodies: list[Body], index: GraphIndex) -> Iterator[str]:
    first = {body.name: body.ids[0] for body in bodies if body.ids}
    for body in bodies:
        for id_, node in body.items():
            for edge in edges_of(node, body):
                yield f"  {quoted(edge.source)} -> {quoted(id_)};"
            for subgraph in index.subgraphs_of(body.name, node):
                if subgraph in first:
                    yield f"  {quoted(id_)} -> {quoted(first[subgraph])} [style=dashed];"
