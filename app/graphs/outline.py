"""A graph as a tree: modules by call, their nodes, subgraphs below the node that runs them. Pure.

The tree is whole; `draw` picks the rows of it that fit on a page, the others are asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod

from app.graphs.comparison import Comparison, Entry
from app.graphs.diff.result import Counts, Kind
from app.graphs.document import Module
from app.paths import ancestors

ROWS = 60  # that a page opens by itself
CHANGED_ROWS = 400  # the same where there is a base: what changed in a large module is few rows
SIBLINGS = 200  # drawn of what is in one branch at a time
LEVELS = 24  # below each other on one page


class BranchKind(StrEnum):
    """What a row of the outline is."""

    MODULE = "module"  # one call of it
    INPUTS = "inputs"  # placeholders next to each other
    BODY = "body"  # a subgraph
    NODE = "node"


@dataclass(slots=True)
class Branch:
    """A row, and what is in it. `number` names it; a graph's tree is always the same."""

    number: int
    kind: BranchKind
    name: str = ""  # below the row above
    path: str = ""
    class_name: str = ""
    call: int = 0
    entry: Entry | None = None
    parent: int = 0
    children: list[int] = field(default_factory=list)
    nodes: int = 0  # of the head in it, at any depth
    operations: int = 0
    parameters: int = 0  # elements of those that are its own or of what is in it
    counts: Counts = field(default_factory=Counts)

    @property
    def key(self) -> str:
        """What names a module in an address: its path, and which call it is."""
        return f"{self.path}@{self.call}" if self.call else self.path


@dataclass(frozen=True)
class Row:
    """A row on a page. `children` is None where it is closed."""

    branch: Branch
    children: "tuple[Row, ...] | None" = None
    more: int = 0  # children after those that are drawn
    after: int = 0  # where these begin

    @property
    def expandable(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.branch.children)


class Outline:
    """The tree of a comparison. The first branch is the graph itself."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.branches: list[Branch] = [Branch(0, BranchKind.MODULE)]
        self.of_entry: list[int] = []  # entry → its branch
        self._modules: dict[tuple[int, str, int], int] = {}  # body, path, call → branch
        self._bodies: dict[int, int] = {0: 0}  # body → its root
        for entry in comparison.entries:
            self.of_entry.append(self._add_entry(entry))
        self._hang_bodies()
        self._sum()

    def module(self, key: str) -> Branch | None:
        """The branch that an address names by path and call.

        A list of modules is never called: what is around the first one in it stands in for it.
        """
        path, _, call = key.rpartition("@")
        wanted = {(key, 0)} | ({(path, int(call))} if _is_call(call) else set())
        around = None
        for (_, found, number), branch in self._modules.items():
            if (found, number) in wanted:
                return self.branches[branch]
            if around is None and key and found.startswith(f"{key}."):
                around = self.branches[self.branches[branch].parent]
        return around

    def above(self, branch: Branch) -> Iterator[Branch]:
        """What a branch is in, the closest first."""
        while branch.number:
            branch = self.branches[branch.parent]
            yield branch

    def _add(self, kind: BranchKind, parent: int, **values: object) -> Branch:
        branch = Branch(len(self.branches), kind, parent=parent, **values)  # type: ignore[arg-type]
        self.branches.append(branch)
        self.branches[parent].children.append(branch.number)
        return branch

    def _add_entry(self, entry: Entry) -> int:
        root = self._root(entry.body)
        if entry.node.op == "placeholder":
            last = self.branches[root].children[-1:]
            if last and self.branches[last[0]].kind is BranchKind.INPUTS:
                parent = last[0]
            else:
                parent = self._add(BranchKind.INPUTS, root, name="inputs").number
        else:
            parent = self._module_of(entry, root)
        return self._add(BranchKind.NODE, parent, name=entry.node.name, entry=entry).number

    def _root(self, body: int) -> int:
        if body not in self._bodies:
            base, head = self.comparison.bodies[body]
            branch = Branch(len(self.branches), BranchKind.BODY, name=head or base or "")
            self.branches.append(branch)
            self._bodies[body] = branch.number
        return self._bodies[body]

    def _module_of(self, entry: Entry, root: int) -> int:
        """The branch of the innermost module, with all around it."""
        at = root
        for path, class_name, call in self._own_modules(entry):
            if not path:
                self.branches[at].class_name = self.branches[at].class_name or class_name
                continue
            key = (entry.body, path, call)
            if key not in self._modules:
                above = self.branches[at].path
                name = path.removeprefix(f"{above}.") if above else path
                made = self._add(
                    BranchKind.MODULE, at, name=name, path=path, class_name=class_name, call=call
                )
                self._modules[key] = made.number
            at = self._modules[key]
        return at

    def _own_modules(self, entry: Entry) -> Sequence[Module]:
        """Its modules, without those that the node around its body is in."""
        modules = entry.modules
        owner = self._owner(entry.body)
        if owner is None:
            return modules
        shared = 0
        for one, other in zip(modules, owner.modules, strict=False):
            if one != other:
                break
            shared += 1
        return modules[shared:]

    def _owner(self, body: int) -> Entry | None:
        """The node that runs a body."""
        for base, graph in ((False, self.comparison.head), (True, self.comparison.base)):
            name = self.comparison.name_of(body, base=base)
            if graph is not None and name and (found := graph.owners.get(name)):
                return self.comparison.at(*found, base=base)
        return None

    def _hang_bodies(self) -> None:
        """Put every subgraph below its node; one that runs itself goes below the root."""
        for body, number in self._bodies.items():
            if number:
                owner = None if self._circles(body) else self._owner(body)
                parent = 0 if owner is None else self.of_entry[owner.number]
                self.branches[number].parent = parent
                self.branches[parent].children.append(number)

    def _circles(self, body: int) -> bool:
        """Whether the way out of a body leads back into one that was passed."""
        seen: set[int] = set()
        while body not in seen:
            seen.add(body)
            owner = self._owner(body)
            if body == 0 or owner is None:
                return False
            body = owner.body
        return True

    def _sum(self) -> None:
        parameters = _parameters(self.comparison)
        for branch in self._leaves_first():
            if (entry := branch.entry) is not None:
                branch.nodes = int(not entry.removed)
                branch.operations = int(entry.node.op.startswith("call_") and not entry.removed)
                branch.counts = _count(entry.kind)
            if branch.kind is BranchKind.MODULE:
                branch.parameters = parameters.get(branch.path, 0)
            for child in map(self.branches.__getitem__, branch.children):
                branch.nodes += child.nodes
                branch.operations += child.operations
                branch.counts = _plus(branch.counts, child.counts)

    def _leaves_first(self) -> Iterator[Branch]:
        order, waiting = [], [0]
        while waiting:
            order.append(self.branches[waiting.pop()])
            waiting += order[-1].children
        return reversed(order)


def draw(outline: Outline, chosen: Branch | None, *, changes: bool = False) -> Row:
    """The row of the whole graph, open as far as there is room, and down to the chosen branch."""
    top = outline.branches[0]
    opened: set[int] = set()
    if chosen is not None:
        way = [chosen, *outline.above(chosen)][:LEVELS]
        top, opened = way[-1], {branch.number for branch in way}
    opened |= _room(outline, top, opened, changes=changes)
    wanted = {branch.number: True for branch in outline.above(chosen)} if chosen else {}
    if chosen is not None:
        wanted[chosen.number] = True
    return _row(outline, top, opened, wanted, changes=changes)


def children(outline: Outline, branch: Branch, after: int = 0, *, changes: bool = False) -> Row:
    """What is in one branch, closed, from child `after` on."""
    shown = _shown(outline, branch, changes=changes)
    rows = tuple(Row(child) for child in shown[after : after + SIBLINGS])
    return Row(branch, rows, max(0, len(shown) - after - SIBLINGS), after)


def _room(outline: Outline, top: Branch, opened: set[int], *, changes: bool) -> set[int]:
    """Branches to open, level by level, while their rows fit; with a base: where it changed."""
    room = ROWS if outline.comparison.diff is None else CHANGED_ROWS
    found: set[int] = set()
    level = [top]
    for _ in range(LEVELS):
        below: list[Branch] = []
        for branch in level:
            inside = _shown(outline, branch, changes=changes)
            if branch.number not in opened and branch is not top:
                if len(inside) > room or branch.kind is not BranchKind.MODULE:
                    continue
                if outline.comparison.diff is not None and branch.counts.is_empty:
                    continue
            found.add(branch.number)
            room -= len(inside)
            below += [child for child in inside[:SIBLINGS] if child.children]
        level = below
    return found


def _row(
    outline: Outline,
    branch: Branch,
    opened: set[int],
    wanted: dict[int, bool],
    *,
    changes: bool,
) -> Row:
    if branch.number not in opened or not branch.children:
        return Row(branch)
    shown = _shown(outline, branch, changes=changes)
    at = next((place for place, child in enumerate(shown) if child.number in wanted), 0)
    after = at // SIBLINGS * SIBLINGS
    rows = tuple(
        _row(outline, child, opened, wanted, changes=changes)
        for child in shown[after : after + SIBLINGS]
    )
    return Row(branch, rows, max(0, len(shown) - after - SIBLINGS), after)


def _shown(outline: Outline, branch: Branch, *, changes: bool) -> list[Branch]:
    inside = [outline.branches[number] for number in branch.children]
    return [child for child in inside if not child.counts.is_empty] if changes else inside


def _parameters(comparison: Comparison) -> dict[str, int]:
    """Module path → elements of the parameters in it."""
    found: dict[str, int] = {}
    graph = comparison.head
    for node in graph.bodies[""]:
        given = graph.inputs.get(node.name)
        if node.op != "placeholder" or given is None or given.kind != "parameter":
            continue
        sizes = [
            prod(size for size in spec.shape if isinstance(size, int)) for spec in node.values[:1]
        ]
        for path in ("", *ancestors(given.target)) if given.target else ():
            found[path] = found.get(path, 0) + sum(sizes)
    return found


def _count(kind: Kind | None) -> Counts:
    return Counts() if kind is None else _ONE[kind]


def _plus(one: Counts, other: Counts) -> Counts:
    return Counts(
        one.same + other.same,
        one.changed + other.changed,
        one.added + other.added,
        one.removed + other.removed,
        one.moved + other.moved,
    )


def _is_call(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


_ONE = {kind: Counts(**{kind.value: 1}) for kind in Kind}
