"""Which subgraph is which: they are aligned by the nodes that own them, from the graph inwards."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from app.graphs.diff.alignment import Alignment
from app.graphs.diff.canonical import DEPTH, Canonical
from app.graphs.diff.matching import match
from app.graphs.document import Node


def align_bodies(base: Canonical, head: Canonical) -> dict[str, Alignment]:
    """An alignment for each of the base's bodies that has a counterpart, the graph itself first."""
    found: dict[str, Alignment] = {}
    taken: set[str] = set()
    todo = deque([("", "")])
    owned = _owned(base), _owned(head)
    loose = deque(
        name for name in base.names[1:] if name in head.names and not any(name in o for o in owned)
    )
    while todo or loose:
        if not todo:
            todo.append((loose[0], loose.popleft()))
        ours, theirs = todo.popleft()
        if ours in found or theirs in taken:
            continue
        taken.add(theirs)
        found[ours] = match(base.body(ours), head.body(theirs), base.interner)
        todo.extend(_inner_pairs(found[ours], base, head))
    return found


def _inner_pairs(
    alignment: Alignment, base: Canonical, head: Canonical
) -> Iterator[tuple[str, str]]:
    if not base.document.subgraphs or not head.document.subgraphs:
        return
    for place, other in enumerate(alignment.to_head):
        if other >= 0:
            node, node_head = alignment.base.nodes[place], alignment.head.nodes[other]
            yield from zip(
                subgraphs_of(base, alignment.base.name, node),
                subgraphs_of(head, alignment.head.name, node_head),
                strict=False,
            )


def _owned(canonical: Canonical) -> set[str]:
    if not canonical.document.subgraphs:
        return set()
    return {
        name
        for body in canonical.names
        for node in canonical.body(body).nodes
        for name in subgraphs_of(canonical, body, node)
    }


def subgraphs_of(canonical: Canonical, body: str, node: Node) -> list[str]:
    """The subgraphs that a node gives or takes, in order."""
    if node.op == "get_attr":
        name = canonical.subgraph(body, node)
        return [name] if name else []
    return [
        name
        for text in _named([node.args, node.kwargs])
        if (name := f"{body}.{text}" if body else text) in canonical.document.subgraphs and name
    ]


def _named(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _named(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "graph" and isinstance(item, str):
                yield item
            else:
                yield from _named(item, depth + 1)
