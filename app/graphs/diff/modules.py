"""Which module of the base is which of the head, by the nodes that they share.

A module that got another path takes all that is in it along: that is one change. Put to the vote
as symbols are.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from app.graphs.diff.alignment import Alignment
from app.graphs.diff.symbols import elect
from app.graphs.document import GraphInput, Module


class ModuleMap:
    """Paths of the base's modules → paths of the head's."""

    def __init__(self, paths: dict[str, str], classes: dict[tuple[str, str], tuple[str, str]]):
        self.paths = paths
        self._classes = classes

    def path(self, path: str) -> str:
        """Where this module, or the parameter of one, is in the head."""
        if path in self.paths:
            return self.paths[path]
        parent, dot, _ = path.rpartition(".")
        while dot:
            if parent in self.paths:
                return _joined(self.paths[parent], path[len(parent) + 1 :])
            parent, dot, _ = parent.rpartition(".")
        return _joined(self.paths.get("", ""), path)

    def reversed(self) -> "ModuleMap":
        """Paths of the head's modules → paths of the base's."""
        return ModuleMap({theirs: ours for ours, theirs in self.paths.items()}, {})

    def changes(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Modules with another path than what they are in explains, or of another class."""
        changes = []
        for base, head in self.paths.items():
            ours, theirs = self._classes.get((base, head), ("", ""))
            if ours != theirs or self._explained(base) != head:
                changes.append(({"name": base, "class": ours}, {"name": head, "class": theirs}))
        return changes

    def _explained(self, path: str) -> str:
        """The head's path by what the module is in."""
        if not path:
            return ""
        parent, _, name = path.rpartition(".")
        return _joined(self.path(parent), name)


def _joined(parent: str, name: str) -> str:
    return f"{parent}.{name}" if parent else name


def match_modules(
    alignments: Iterable[Alignment], inputs: Iterable[tuple[GraphInput, GraphInput]]
) -> ModuleMap:
    """The map on which most pairs of nodes and of parameters agree."""
    votes: Counter[tuple[str, str]] = Counter()
    classes: dict[tuple[str, str], tuple[str, str]] = {}
    for alignment in alignments:
        for (base, head), number in _stacks(alignment).items():
            for ours, theirs in zip(reversed(base), reversed(head), strict=False):
                votes[ours[0], theirs[0]] += number
                classes.setdefault((ours[0], theirs[0]), (ours[1], theirs[1]))
    for item, other in inputs:
        owner, _, name = item.target.rpartition(".")
        owner_head, _, name_head = other.target.rpartition(".")
        if name == name_head and item.kind == other.kind and (owner or owner_head):
            votes[owner, owner_head] += 1
    return ModuleMap(elect(votes), classes)


def _stacks(alignment: Alignment) -> Counter[tuple[tuple[Module, ...], tuple[Module, ...]]]:
    ours, theirs = alignment.base, alignment.head
    often = Counter(
        (ours.stacks[base], theirs.stacks[head])
        for base, head in enumerate(alignment.to_head)
        if head >= 0
    )
    where = {
        (ours.stacks[base], theirs.stacks[head]): (base, head)
        for base, head in enumerate(alignment.to_head)
        if head >= 0
    }
    stacks: Counter[tuple[tuple[Module, ...], tuple[Module, ...]]] = Counter()
    for key, number in often.items():
        base, head = where[key]
        stacks[tuple(ours.nodes[base].modules), tuple(theirs.nodes[head].modules)] += number
    return stacks
