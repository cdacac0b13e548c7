"""Sums of a diff: of all nodes, by module, by operator."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from app.graphs.diff.canonical import Canonical
from app.graphs.diff.modules import ModuleMap
from app.graphs.diff.result import Counts, Kind, NodeDiff, Place, Sums

LEVELS = 32  # of a module's path that are counted apart

_INDEX = {kind: number for number, kind in enumerate(Kind)}

Tally = defaultdict[str, list[int]]


def counts_of(nodes: Iterable[NodeDiff]) -> Counts:
    """How many nodes are what."""
    numbers = [0] * len(_INDEX)
    for node in nodes:
        numbers[_INDEX[node.kind]] += 1
    return _counts(numbers)


def sums_of(
    nodes: Iterable[NodeDiff], base: Canonical, head: Canonical, modules: ModuleMap
) -> tuple[Sums, Sums]:
    """As the head calls modules and operators, and as the base does."""
    of_head, of_base = _Sums(), _Sums()
    for node in nodes:
        ours, theirs, index = node.base, node.head, _INDEX[node.kind]
        if theirs is not None:
            of_head.add(head, theirs, index)
        elif ours is not None:
            of_head.add(base, ours, index, foreign=True)
        if ours is not None:
            of_base.add(base, ours, index)
        elif theirs is not None:
            of_base.add(head, theirs, index, foreign=True)
    return of_head.sums(modules), of_base.sums(modules.reversed())


class _Sums:
    def __init__(self) -> None:
        self._stacks: Counter[tuple[int, int, bool]] = Counter()
        self._operators: Counter[tuple[int, int]] = Counter()
        self._paths: dict[int, list[str]] = {}
        self._targets: dict[int, str] = {}

    def add(self, graph: Canonical, place: Place, index: int, *, foreign: bool = False) -> None:
        """Count one node, or one of the other graph, whose modules this one calls otherwise."""
        body = graph.body(place.body)
        stack, operator = body.stacks[place.index], body.operators[place.index]
        self._stacks[stack, index, foreign] += 1
        self._operators[operator, index] += 1
        if stack not in self._paths:
            modules = body.nodes[place.index].modules
            self._paths[stack] = [path for path, _, _ in modules]
        if operator not in self._targets:
            node = body.nodes[place.index]
            self._targets[operator] = node.target if node.op.startswith("call_") else ""

    def sums(self, modules: ModuleMap) -> Sums:
        """All that were counted. `modules` says what the other graph's are called here."""
        by_module: Tally = defaultdict(lambda: [0] * len(_INDEX))
        by_module[""] = [0] * len(_INDEX)
        levels: dict[tuple[int, bool], set[str]] = {}
        for (stack, index, foreign), number in self._stacks.items():
            key = (stack, foreign)
            if key not in levels:
                paths = self._paths[stack]
                mine = map(modules.path, paths) if foreign else paths
                levels[key] = {""}.union(*map(_prefixes, mine))
            for path in levels[key]:
                by_module[path][index] += number
        by_operator: Tally = defaultdict(lambda: [0] * len(_INDEX))
        for (operator, index), number in self._operators.items():
            if self._targets[operator]:
                by_operator[self._targets[operator]][index] += number
        return Sums(_frozen(by_module), _frozen(by_operator))


def _prefixes(path: str) -> set[str]:
    """The path and what it is in; `layers.5` is in `layers`."""
    names = path.split(".", LEVELS)
    return {path, *(".".join(names[:length]) for length in range(1, len(names)))}


def _frozen(tally: Mapping[str, list[int]]) -> dict[str, Counts]:
    return {key: _counts(tally[key]) for key in sorted(tally)}


def _counts(numbers: list[int]) -> Counts:
    return Counts(**{kind.value: numbers[index] for kind, index in _INDEX.items()})
