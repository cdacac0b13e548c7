"""The same diff from the head to the base."""

from collections.abc import Iterable

from app.graphs.diff import beside
from app.graphs.diff.edits import in_order
from app.graphs.diff.order import order_bodies, order_nodes
from app.graphs.diff.result import (
    Counts,
    Edit,
    GraphDiff,
    Kind,
    NodeDiff,
    Patch,
    Sums,
)

_OPPOSITE = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}


def mirrored(diff: GraphDiff) -> GraphDiff:
    """What `diff(head, base)` says, where this is `diff(base, head)`."""
    base, head = diff.rests
    pairs = [
        (theirs, ours) for ours, theirs in diff.bodies if ours is not None and theirs is not None
    ]
    bodies = order_bodies(pairs, head.bodies, base.bodies)
    return GraphDiff(
        nodes=order_nodes(map(_node, diff.nodes), bodies),
        bodies=bodies,
        symbols={theirs: ours for ours, theirs in diff.symbols.items()},
        beside=beside.in_order(
            beside.named_edit(edit.what, edit.after, edit.before) for edit in diff.beside
        ),
        summary=_counts(diff.summary),
        modules={path: _counts(counts) for path, counts in diff.mirror.modules.items()},
        operators={target: _counts(counts) for target, counts in diff.mirror.operators.items()},
        mirror=Sums(
            {path: _counts(counts) for path, counts in diff.modules.items()},
            {target: _counts(counts) for target, counts in diff.operators.items()},
        ),
        rests=(head, base),
    )


def _node(node: NodeDiff) -> NodeDiff:
    return NodeDiff(
        _OPPOSITE.get(node.kind, node.kind),
        node.head,
        node.base,
        _edits(node.edits),
        node.moved,
        node.renamed,
        node.patch and Patch(node.patch.after, node.patch.before),
    )


def _edits(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    swapped = [Edit(edit.field, edit.where, edit.after, edit.before) for edit in edits]
    return in_order(swapped)


def _counts(counts: Counts) -> Counts:
    return Counts(counts.same, counts.changed, counts.removed, counts.added, counts.moved)
