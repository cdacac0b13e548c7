"""A graph as its page shows it: alone, or against a base with their diff. Pure.

Every view goes over `entries`: all nodes of the graph in order, and with a base those that were
removed, each where it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from app.graphs.diff.result import Edit, GraphDiff, Kind, Place
from app.graphs.document import Module, Node
from app.graphs.index import GraphIndex

Body = tuple[str | None, str | None]  # its name in the base and in the head


@dataclass(frozen=True, slots=True)
class Entry:
    """One node. `kind` is None where there is no base."""

    number: int
    body: int  # its place in Comparison.bodies
    node: Node  # the head's; the base's where it was removed
    index: int  # in its own body
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
        return self.node.modules[-1] if self.node.modules else None


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
                yield Entry(number, body, node, index)
                number += 1

    def _with(self, diff: GraphDiff) -> Iterator[Entry]:
        assert self.base is not None
        for number, one in enumerate(diff.nodes):
            before = None if one.base is None else self._node(self.base, one.base)
            own = one.head or one.base
            assert own is not None
            base = one.head is None
            yield Entry(
                number=number,
                body=self._body_numbers[base][own.body],
                node=self._node(self.base if base else self.head, own),
                index=own.index,
                before=None if base else before,
                before_index=None if base or one.base is None else one.base.index,
                kind=one.kind,
                edits=one.edits,
                moved=one.moved or one.kind is Kind.MOVED,
            )

    @staticmethod
    def _node(graph: GraphIndex, place: Place) -> Node:
        return graph.bodies[place.body][place.index]
