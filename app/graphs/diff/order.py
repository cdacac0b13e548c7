"""The order of a diff's nodes, which follows from their places alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from app.graphs.diff.result import NodeDiff

Bodies = tuple[tuple[str | None, str | None], ...]


def order_bodies(
    pairs: Iterable[tuple[str, str]], base: Sequence[str], head: Sequence[str]
) -> Bodies:
    """The head's bodies in its order, then those of the base alone; the graph itself is first."""
    ours = dict(pairs)
    theirs = {head_name: base_name for base_name, head_name in ours.items()}
    names = ["", *(name for name in head if name)]
    left = ["", *(name for name in base if name)]
    bodies: list[tuple[str | None, str | None]] = [(theirs.get(name), name) for name in names]
    return (*bodies, *((name, None) for name in left if name not in ours))


def order_nodes(nodes: Iterable[NodeDiff], bodies: Bodies) -> tuple[NodeDiff, ...]:
    """Body after body in the head's order; what was removed follows its base predecessor."""
    heads: defaultdict[str | None, list[NodeDiff]] = defaultdict(list)
    gone: defaultdict[str | None, dict[int, NodeDiff]] = defaultdict(dict)
    for node in nodes:
        if node.head is not None:
            heads[node.head.body].append(node)
        elif node.base is not None:
            gone[node.base.body][node.base.index] = node
    found: list[NodeDiff] = []
    for base, head in bodies:
        kept = heads[head] if head is not None else []
        kept.sort(key=lambda node: node.head.index if node.head else -1)
        left = gone[base] if base is not None else {}
        found += _merged(kept, left)
    return tuple(found)


def _merged(kept: list[NodeDiff], gone: dict[int, NodeDiff]) -> Iterator[NodeDiff]:
    if not gone:
        yield from kept
        return
    yield from _run(gone, 0)
    for node in kept:
        yield node
        if node.base is not None:
            yield from _run(gone, node.base.index + 1)


def _run(gone: dict[int, NodeDiff], place: int) -> Iterator[NodeDiff]:
    while place in gone:
        yield gone[place]
        place += 1
