"""A graph as its page shows it: alone, or against a base with their diff. Pure.

Every view goes over `entries`: all nodes of the graph in order, and with a base those that were
removed, each where it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.graphs.diff.result import Edit, GraphDiff, Kind, Place
from app.graphs.document import Module, Node
from app.graphs.index import GraphIndex
from app.paths import ancestors

Body = tuple[str | None, str | None]  # its name in the base and in the head


@dataclass(frozen=True, slots=True)
class Entry:
    """One node. `kind` is None where there is no base."""

    number: int
    body: int  # its place in Comparison.bodies
    node: Node  # the head's; the base's where it was removed
    index: int  # in its own body
    modules: Sequence[Module]  # as the head calls them
    before: Node | None = None  # the base's, where both have it
    before_index: int | None = None
    kind: Kind | None = None
    edits: tuple[Edit, ...] = ()
    moved: bool = False

    @property
    def removed(self) -> bool:
        """Whether only the base has it."""
        return self.kind is Kind.REMOVED

    @property
    def differs(self) -> bool:
        """Whether anything of it is another than in the base."""
        return self.kind not in (None, Kind.SAME)

    @property
    def module(self) -> Module | None:
        """The innermost module whose code it is."""
        return self.modules[-1] if self.modules else None


class Comparison:
    """A graph, and perhaps a base with the diff from it."""

    def __init__(
        self, head: GraphIndex, base: GraphIndex | None = None, diff: GraphDiff | None = None
    ) -> None:
        self.head = head
        self.base = base
        self.diff = diff
        self.bodies: tuple[Body, ...] = (
            tuple((None, name) for name in head.bodies) if diff is None else diff.bodies
        )
        made = self._alone() if diff is None else self._with(diff)
        self.entries: tuple[Entry, ...] = tuple(made)

    @cached_property
    def numbers(self) -> dict[tuple[bool, int, int], int]:
        """(whether of the base, body, index) → number of the entry."""
        found = {}
        for entry in self.entries:
            found[entry.removed, entry.body, entry.index] = entry.number
            if entry.before_index is not None:
                found[True, entry.body, entry.before_index] = entry.number
        return found

    def name_of(self, body: int, *, base: bool) -> str | None:
        """A body's name in one of the graphs."""
        return self.bodies[body][0 if base else 1]

    def find(self, text: str, *, base: bool = False) -> Entry | None:
        """The node that an address names."""
        index = self.base if base else self.head
        found = index.find(text) if index else None
        if found is None:
            return None
        return self.at(found[0], found[1], base=base)

    def at(self, body: str, index: int, *, base: bool = False) -> Entry | None:
        """The entry of one graph's node."""
        number = self.numbers.get((base, self._body_numbers[base].get(body, -1), index))
        return None if number is None else self.entries[number]

    def named(self, name: str, body: int, *, base: bool = False) -> Entry | None:
        """The entry that a reference within a body means."""
        of = self.name_of(body, base=base)
        graph = self.base if base else self.head
        if of is None or graph is None:
            return None
        index = graph.places[of].get(name)
        return None if index is None else self.at(of, index, base=base)

    def address_of(self, entry: Entry) -> str:
        """What names it in an address, in its own graph."""
        body = self.name_of(entry.body, base=entry.removed)
        return f"{body}:{entry.node.name}" if body else entry.node.name

    @cached_property
    def _body_numbers(self) -> dict[bool, dict[str, int]]:
        return {
            base: {
                name: number
                for number, pair in enumerate(self.bodies)
                if (name := pair[0 if base else 1]) is not None
            }
            for base in (False, True)
        }

    def _alone(self) -> Iterator[Entry]:
        number = 0
        for body, nodes in enumerate(self.head.bodies.values()):
            for index, node in enumerate(nodes):
                yield Entry(number, body, node, index, node.modules)
                number += 1

    def _with(self, diff: GraphDiff) -> Iterator[Entry]:
        assert self.base is not None
        moved = _moved_modules(diff)
        for number, one in enumerate(diff.nodes):
            before = None if one.base is None else self._node(self.base, one.base)
            own = one.head or one.base
            assert own is not None
            base = one.head is None
            node = self._node(self.base if base else self.head, own)
            yield Entry(
                number=number,
                body=self._body_numbers[base][own.body],
                node=node,
                index=own.index,
                modules=_in_head(node.modules, moved) if base and moved else node.modules,
                before=None if base else before,
                before_index=None if base or one.base is None else one.base.index,
                kind=one.kind,
                edits=one.edits,
                moved=one.moved or one.kind is Kind.MOVED,
            )

    @staticmethod
    def _node(graph: GraphIndex, place: Place) -> Node:
        return graph.bodies[place.body][place.index]


def _moved_modules(diff: GraphDiff) -> Mapping[str, str]:
    """Paths of modules that the base has → what they are in the head, where that is another."""
    pairs = (
        (edit.before["name"], edit.after["name"])
        for edit in diff.beside
        if edit.what == "module" and edit.before and edit.after
    )
    return {before: after for before, after in pairs if before != after}


def _in_head(modules: Sequence[Module], moved: Mapping[str, str]) -> Sequence[Module]:
    """The modules of a node that was removed, where the head has them."""
    found: list[Module] = []
    for path, class_name, call in modules:
        module = _path_in_head(path, moved), class_name, call
        # A wrapper around the base's model is the model itself in the head, and both are in a row.
        if found and found[-1][0] == module[0]:
            found.pop()
        found.append(module)
    return found


def _path_in_head(path: str, moved: Mapping[str, str]) -> str:
    """By the module itself, or the closest one around it that is called otherwise."""
    for prefix in (path, *ancestors(path), ""):
        if prefix in moved:
            rest = path[len(prefix) :].removeprefix(".")
            return ".".join(filter(None, (moved[prefix], rest)))
    return path
