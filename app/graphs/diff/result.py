"""What a diff of two graphs says. Pure data; `app/graphs/diff/__init__.py` makes it.

A node is meant by its body and its place in it: `""` is the graph itself, any other name one of
its subgraphs. Bodies and nodes of the base have no counterpart where they were removed, those of
the head where they were added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What became of a node."""

    SAME = "same"  # it may have another name or number
    MOVED = "moved"  # the same, at another place among those around it
    CHANGED = "changed"  # and perhaps moved as well
    ADDED = "added"
    REMOVED = "removed"


class Field(StrEnum):
    """What of a node may change. File names and line numbers never do."""

    TARGET = "target"
    ARGUMENT = "argument"  # positional or keyword
    SHAPE = "shape"  # of a value; and how many values there are
    DTYPE = "dtype"
    DEVICE = "device"
    VALUE = "value"  # of a constant, and the kind of a value
    MODULE = "module"  # the path of the module, its class
    SOURCE = "source"  # the text of the line


@dataclass(frozen=True, slots=True)
class Place:
    """A node of one of the two graphs."""

    body: str
    index: int


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one node, as a person reads it.

    `where` says which argument or value: `[0]`, `[1][2]`, `['dim']`. `before` and `after` are JSON
    as in the document, references as names of their own graph.
    """

    field: Field
    where: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Patch:
    """What `apply` cannot tell from the other graph's node: fields of a Node by name.

    All of them for a node without a counterpart. Of a pair those that differ by more than the
    names of nodes and symbols, a reader's change or not: a name, a line number.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NodeDiff:
    """One node of either graph, or one of both. It has edits exactly where it is CHANGED."""

    kind: Kind
    base: Place | None
    head: Place | None
    edits: tuple[Edit, ...] = ()
    moved: bool = False
    renamed: bool = False
    patch: Patch | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many nodes are what. Placeholders and outputs count as well."""

    same: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0
    moved: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.changed or self.added or self.removed or self.moved)


@dataclass(frozen=True, slots=True)
class NamedEdit:
    """A change of what stands beside the nodes: an input, an output, a symbol's range, a module.

    `what` is input, output, symbol or module. `before` and `after` are objects with a `name`, the
    fields of the document's GraphInput, GraphOutput or Symbol, or a module's path as its name and
    its `class`; None where there was none. A module that got another path is one change, and none
    of what is in it, of neither modules nor nodes.
    """

    what: str
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Rest:
    """What of a document is no node of a body with a name, as `apply` needs it."""

    bodies: tuple[str, ...]  # in the document's order, with the one that has no name
    unnamed: Sequence[Any] | None  # nodes of that one
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    symbols: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts by module and by operator, as one of the two graphs calls them."""

    modules: Mapping[str, Counts]
    operators: Mapping[str, Counts]


@dataclass(frozen=True)
class GraphDiff:
    """All that is different between a base and a head.

    `nodes` has every node of both graphs once, in the head's order, body after body; one that was
    removed stands where it was, after its base predecessor.
    """

    nodes: tuple[NodeDiff, ...]
    bodies: tuple[tuple[str | None, str | None], ...]  # base and head names; ("", "") is first
    symbols: Mapping[str, str]  # symbol of the base → the same one in the head
    beside: tuple[NamedEdit, ...]
    summary: Counts
    modules: Mapping[str, Counts]  # module path → of the nodes in it and below it; "" has all
    operators: Mapping[str, Counts]  # target → of the nodes that call it
    mirror: Sums = field(repr=False)  # the same as the base calls them
    rests: tuple[Rest, Rest] = field(repr=False)  # base's and head's

    @property
    def is_empty(self) -> bool:
        """Whether both graphs are the same to a reader."""
        return self.summary.is_empty and not self.beside
