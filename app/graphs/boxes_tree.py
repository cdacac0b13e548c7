"""A graph's nodes as a tree of modules, calls and subgraphs: what its picture opens. Pure.

Linear in the graph's size. Every node has a position; what is below a part are the positions from
its `first` to its `last`. Documents come from hostile code: names are anything, and subgraphs may
be in themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from app.graphs.boxes_keys import Keys
from app.graphs.comparison import Comparison, Entry
from app.graphs.diff.result import Kind
from app.graphs.document import Module
from app.graphs.index import GraphIndex, references

LEVELS = 32  # of modules in modules; what is deeper stands in the last of them
HIDDEN_INPUTS = frozenset({"parameter", "buffer", "constant"})


class PartKind(StrEnum):
    """What a part of the picture is."""

    MODULE = "module"  # one call of a module
    OP = "op"  # a node
    HOP = "hop"  # a node that runs subgraphs
    SUBGRAPH = "subgraph"
    INPUT = "input"
    OUTPUT = "output"


@dataclass(slots=True, eq=False)
class Part:
    """One part; the root has all others in it."""

    kind: PartKind
    parent: "Part | None" = None
    entry: int | None = None  # the node, by its number in the comparison
    modules: tuple[Module, ...] = ()  # the module, outermost first those that have only it in them
    body: str = ""  # of a subgraph
    key: str = ""  # what names it in an address
    index: int = 0  # among the parent's children
    first: int = 0
    last: int = 0
    children: list["Part"] = field(default_factory=list)

    @property
    def merges(self) -> bool:
        """Whether it is drawn as the one part that is in it."""
        merging = self.kind in (PartKind.MODULE, PartKind.SUBGRAPH)
        return merging and self.parent is not None and len(self.children) == 1

    @property
    def above(self) -> Iterator["Part"]:
        """The parts around it, the closest first."""
        part = self.parent
        while part is not None:
            yield part
            part = part.parent


class Link(NamedTuple):
    """A value that goes from a node to another, both by number."""

    source: int
    target: int
    head: bool  # whether it does so in the head
    base: bool


@dataclass(slots=True)
class Tree:
    """The parts of a graph, and what goes between its nodes."""

    comparison: Comparison
    root: Part
    keys: dict[str, Part]  # every part by what names it, and those that were merged into others
    holders: list[Part]  # of each node, by its number: its own part, or that of its user
    positions: list[int]  # of each node, by its number
    order: list[int]  # numbers of the nodes by position
    counted: set[int]  # parameters, buffers and constants, which are not drawn
    links: list[Link]


def grow(comparison: Comparison) -> Tree:
    """The tree of a graph, or of two with all that either has."""
    links = list(_links(comparison))
    builder = _Builder(comparison, links)
    builder.build()
    builder.merge()
    order = builder.number()
    positions = [0] * len(order)
    for position, number in enumerate(order):
        positions[number] = position
    keys = builder.name()
    return Tree(
        comparison=comparison,
        root=builder.root,
        keys=keys,
        holders=builder.holders,
        positions=positions,
        order=order,
        counted={number for number in builder.hidden if not builder.is_subgraph(number)},
        links=links,
    )


def _links(comparison: Comparison) -> Iterator[Link]:
    """What goes from node to node in either graph; a hidden node's is no less a link."""
    compared = comparison.diff is not None
    for entry in comparison.entries:
        own = list(_sources(comparison, entry, base=entry.removed))
        if entry.kind is not Kind.CHANGED or entry.before is None:
            both = compared and entry.kind in (Kind.SAME, Kind.MOVED)
            head = not entry.removed
            yield from (Link(one, entry.number, head, both or not head) for one in own)
            continue
        before = dict.fromkeys(_sources(comparison, entry, base=True))
        yield from (Link(one, entry.number, head=True, base=one in before) for one in own)
        gone = before.keys() - own
        yield from (Link(one, entry.number, head=False, base=True) for one in before if one in gone)


def _sources(comparison: Comparison, entry: Entry, *, base: bool) -> Iterator[int]:
    """The nodes whose values a node takes in one of the graphs, each once."""
    graph = comparison.base if base else comparison.head
    body = comparison.name_of(entry.body, base=base)
    if graph is None or body is None:
        return
    node = entry.before if base and entry.before is not None else entry.node
    places, numbers = graph.places[body], comparison.numbers
    for name in dict.fromkeys(references(node)):
        if (index := places.get(name)) is not None:
            yield numbers[base, entry.body, index]


class _Builder:
    """The tree while it is made."""

    def __init__(self, comparison: Comparison, links: Sequence[Link]) -> None:
        self.comparison = comparison
        self.root = Part(PartKind.MODULE)
        self.parts = [self.root]  # a parent before its children
        self.holders = [self.root] * len(comparison.entries)
        self.hidden = {entry.number for entry in comparison.entries if self._is_hidden(entry)}
        self.users: dict[int, int] = {}  # a hidden node's first user
        for link in links:
            if link.source in self.hidden and link.target not in self.hidden:
                self.users.setdefault(link.source, link.target)
        self.bodies: list[list[Entry]] = [[] for _ in comparison.bodies]
        for entry in comparison.entries:
            self.bodies[entry.body].append(entry)
        self.owned = self._owned()
        self.modules: dict[tuple[int, str, int], Part] = {}

    def _is_hidden(self, entry: Entry) -> bool:
        """Parameters, buffers and constants, and what only names a subgraph."""
        node = entry.node
        if node.op == "get_attr":
            return True
        graph = self._graph(entry)
        if node.op != "placeholder" or self.comparison.name_of(entry.body, base=entry.removed):
            return False
        given = graph.inputs.get(node.name)
        return given is not None and given.kind in HIDDEN_INPUTS

    def is_subgraph(self, number: int) -> bool:
        """Whether a hidden node only names a subgraph."""
        entry = self.comparison.entries[number]
        body = self.comparison.name_of(entry.body, base=entry.removed) or ""
        return self._graph(entry).document.subgraph_of(body, entry.node) is not None

    def _graph(self, entry: Entry) -> GraphIndex:
        graph = self.comparison.base if entry.removed else self.comparison.head
        assert graph is not None
        return graph

    def _owned(self) -> dict[int, list[int]]:
        """The bodies that each node runs; a body that several run is the first one's."""
        found: dict[int, list[int]] = {}
        for number, (before, after) in enumerate(self.comparison.bodies[1:], 1):
            base = after is None
            graph, name = self.comparison.base if base else self.comparison.head, after or before
            owner = graph.owners.get(name) if graph and name is not None else None
            entry = None if owner is None else self.comparison.at(*owner, base=base)
            if entry is not None and entry.number not in self.hidden:
                found.setdefault(entry.number, []).append(number)
        return found

    def build(self) -> None:
        """Every body into the node that runs it; what nothing runs, into the root."""
        waiting = [(self.root, 0)]
        left = dict.fromkeys(range(1, len(self.bodies)))
        while waiting or left:
            if not waiting:
                number = next(iter(left))
                del left[number]
                waiting.append((self._subgraph(self.root, number), number))
            part, body = waiting.pop()
            for inner in self._build_body(part, self.bodies[body]):
                for number in self.owned[inner.entry or 0]:
                    if number in left:
                        del left[number]
                        waiting.append((self._subgraph(inner, number), number))

    def _subgraph(self, parent: Part, number: int) -> Part:
        before, after = self.comparison.bodies[number]
        return self._add(Part(PartKind.SUBGRAPH, parent, body=after or before or ""))

    def _build_body(self, top: Part, entries: Sequence[Entry]) -> Iterator[Part]:
        """Put a body's nodes into the modules that made them; gives those that run subgraphs."""
        outside = self._outside(top)
        last: tuple[list[Module], Part] | None = None
        for entry in entries:
            if entry.number in self.hidden:
                continue
            modules = entry.node.modules
            if last is None or last[0] != modules:
                last = modules, self._module(top, modules, outside)
            part = self._add(Part(self._kind(entry), last[1], entry.number))
            self.holders[entry.number] = part
            if entry.number in self.owned:
                yield part

    def _outside(self, top: Part) -> list[Module]:
        """The modules around a subgraph's node, which its nodes name again."""
        entry = None if top.parent is None else top.parent.entry
        return [] if entry is None else self.comparison.entries[entry].node.modules

    def _module(self, top: Part, modules: Sequence[Module], outside: Sequence[Module]) -> Part:
        start = len(outside) if list(modules[: len(outside)]) == list(outside) else 0
        part = top
        for module in modules[start : start + LEVELS]:
            path, _, call = module
            if not path:
                continue
            key = id(part), path, call
            inner = self.modules.get(key)
            if inner is None:
                inner = self._add(Part(PartKind.MODULE, part, modules=(module,)))
                self.modules[key] = inner
            part = inner
        return part

    def _kind(self, entry: Entry) -> PartKind:
        if entry.number in self.owned:
            return PartKind.HOP
        kinds = {"placeholder": PartKind.INPUT, "output": PartKind.OUTPUT}
        return kinds.get(entry.node.op, PartKind.OP)

    def _add(self, part: Part) -> Part:
        assert part.parent is not None
        part.parent.children.append(part)
        self.parts.append(part)
        return part

    def merge(self) -> None:
        """Draw a module that has one part in it as that part, from the leaves up."""
        self.merged: dict[int, Part] = {}
        for part in reversed(self.parts):
            part.children = [one.children[0] if one.merges else one for one in part.children]
            if part.kind is PartKind.HOP:
                self._merge_only_subgraph(part)
            if part.merges:
                inner = part.children[0]
                inner.parent = part.parent
                inner.modules = (*part.modules, *inner.modules)
                inner.body = inner.body or part.body
                self.merged[id(part)] = inner
        for part in self.parts:
            for index, child in enumerate(part.children):
                child.index = index

    def _merge_only_subgraph(self, part: Part) -> None:
        """Draw what is in the one subgraph of a node in the node itself."""
        if len(part.children) != 1 or part.children[0].kind is not PartKind.SUBGRAPH:
            return
        (subgraph,) = part.children
        part.children, part.body = subgraph.children, subgraph.body
        for child in part.children:
            child.parent = part
        self.merged[id(subgraph)] = part

    def number(self) -> list[int]:
        """Give each node its position: those that are hidden stand behind their user."""
        behind: dict[int, list[int]] = {}
        for number in sorted(self.hidden):
            user = self.users.get(number, -1)
            behind.setdefault(user, []).append(number)
            self.holders[number] = self.root if user < 0 else self.holders[user]
        order = list(behind.get(-1, ()))
        waiting: list[tuple[Part, bool]] = [(self.root, False)]
        while waiting:
            part, done = waiting.pop()
            if done:
                part.last = len(order)
                continue
            part.first = len(order)
            if part.entry is not None:
                order += chain((part.entry,), behind.get(part.entry, ()))
            waiting.append((part, True))
            waiting += [(child, False) for child in reversed(part.children)]
        self.root.first = 0
        return order

    def name(self) -> dict[str, Part]:
        """Give each part a key of its own; a merged one's leads to what it became."""
        keys = Keys[Part]()
        for part in self.parts:
            key = self._key(part)
            final = part
            while id(final) in self.merged:
                final = self.merged[id(final)]
            part.key = keys.put(key, final)
        return keys.found

    def _key(self, part: Part) -> str:
        if part.entry is not None:
            entry = self.comparison.entries[part.entry]
            return f"{'-' if entry.removed else '*'}{self.comparison.address_of(entry)}"
        if part.kind is PartKind.SUBGRAPH:
            return f"**{part.body}"
        if part is self.root:
            return ""
        path, _, call = part.modules[-1]
        return f"{path}@{call}" if call else path
