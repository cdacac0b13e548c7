"""Sums of a diff: of all nodes, by module, by operator."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from app.graphs.diff.modules import ModuleMap
from app.graphs.diff.result import Counts, Kind, NodeDiff, Sums
from app.graphs.document import Node

LEVELS = 32  # of a module's path that are counted apart

_KINDS = tuple(Kind)

Nodes = Mapping[str, list[Node]]  # by body
Tally = defaultdict[str, list[int]]


def counts_of(nodes: Iterable[NodeDiff]) -> Counts:
    """How many nodes are what."""
    numbers = [0] * len(_KINDS)
    for node in nodes:
        numbers[_INDEX[node.kind]] += 1
    return _counts(numbers)


_INDEX = {kind: number for number, kind in enumerate(_KINDS)}


def sums_of(
    nodes: Iterable[NodeDiff], base: Nodes, head: Nodes, modules: ModuleMap
) -> tuple[Sums, Sums]:
    """As the head calls modules and operators, and as the base does."""
    back = {theirs: ours for ours, theirs in modules.paths.items()}
    reverse = ModuleMap(back, {})
    of_head, of_base = _Sums(), _Sums()
    for node in nodes:
        ours = base[node.base.body][node.base.index] if node.base else None
        theirs = head[node.head.body][node.head.index] if node.head else None
        of_head.add(node.kind, theirs, ours, modules)
        of_base.add(node.kind, ours, theirs, reverse)
    return of_head.sums(), of_base.sums()


class _Sums:
    def __init__(self) -> None:
        self._stacks: dict[tuple[bool, tuple[str, ...]], list[int]] = {}
        self._operators: Tally = defaultdict(lambda: [0] * len(_KINDS))

    def add(self, kind: Kind, node: Node | None, other: Node | None, modules: ModuleMap) -> None:
        """Count one node, or the one of the other graph as this one would call its modules."""
        counted = node or other
        assert counted is not None
        key = (node is None, tuple([module[0] for module in counted.modules]))
        numbers = self._stacks.get(key)
        if numbers is None:
            numbers = self._stacks[key] = [0] * len(_KINDS)
        numbers[_INDEX[kind]] += 1
        if counted.op.startswith("call_"):
            self._operators[counted.target][_INDEX[kind]] += 1
        self._map = modules

    def sums(self) -> Sums:
        """All that were counted."""
        by_module: Tally = defaultdict(lambda: [0] * len(_KINDS))
        for (is_foreign, stack), numbers in self._stacks.items():
            paths = {self._map.path(path) for path in stack} if is_foreign else set(stack)
            for path in {""}.union(*map(_prefixes, paths)):
                mine = by_module[path]
                for index, number in enumerate(numbers):
                    mine[index] += number
        if not by_module:
            by_module[""] = [0] * len(_KINDS)
        return Sums(_frozen(by_module), _frozen(self._operators))


def _prefixes(path: str) -> set[str]:
    """The path and what it is in; `layers.5` is in `layers`."""
    names = path.split(".", LEVELS)
    return {path, *(".".join(names[:length]) for length in range(1, len(names)))}


def _frozen(tally: Mapping[str, list[int]]) -> dict[str, Counts]:
    return {key: _counts(tally[key]) for key in sorted(tally)}


def _counts(numbers: list[int]) -> Counts:
    by_kind = {kind.value: numbers[_INDEX[kind]] for kind in _KINDS}
    return Counts(**by_kind)
