"""How far values and arguments are apart, counted once for each two of a kind."""

from collections import Counter
from typing import Any

from app.graphs.diff.canonical import DEPTH, Body, erased_sizes
from app.graphs.document import TensorSpec

_FIELDS = ("dtype", "device", "layout", "kind")


class Distances:
    """Numbers of edits between nodes of two bodies; what differs is known before it is asked."""

    def __init__(self, base: Body, head: Body) -> None:
        self._base = base
        self._head = head
        self._values: dict[tuple[int, int], int] = {}
        self._forms: dict[tuple[int, int], int] = {}

    def of_values(self, base: int, head: int) -> int:
        """Edits of what the two compute, at least one."""
        key = self._base.erased[base], self._head.erased[head]
        known = self._values.get(key)
        if known is None:
            ours, theirs = self._base.nodes[base].values, self._head.nodes[head].values
            edits = sum(map(_between, ours, theirs)) + abs(len(ours) - len(theirs))
            known = self._values[key] = max(1, edits)
        return known

    def of_forms(self, base: int, head: int) -> int:
        """Edits of arguments that are no references."""
        key = self._base.forms[base], self._head.forms[head]
        known = self._forms.get(key)
        if known is None:
            node, other = self._base.nodes[base], self._head.nodes[head]
            ours, theirs = Counter(_constants(node.args)), Counter(_constants(other.args))
            ours.update(_constants(list(node.kwargs.items())))
            theirs.update(_constants(list(other.kwargs.items())))
            known = max((ours - theirs).total(), (theirs - ours).total())
            self._forms[key] = known
        return known


def _between(base: TensorSpec, head: TensorSpec) -> int:
    fields = sum(bool(getattr(base, name) != getattr(head, name)) for name in _FIELDS)
    shape, shape_head = erased_sizes(base.shape), erased_sizes(head.shape)
    strides = erased_sizes(base.stride) != erased_sizes(head.stride)
    return fields + int(shape != shape_head or strides)


def _constants(value: Any, depth: int = 0) -> list[str]:
    """What of arguments is neither a reference nor a list, as text."""
    if isinstance(value, list | tuple) and depth < DEPTH:
        return [text for item in value for text in _constants(item, depth + 1)]
    if isinstance(value, dict) and len(value) == 1 and "node" in value:
        return []
    return [repr(value)]
