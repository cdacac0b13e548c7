"""A model's modules as a tree that fits on a page: equal siblings together, the rest a link away.

A node is a module that the eager run called; containers that are only looped over have no call, so
what they hold stands below the module around them, as `layers.0`. Pure.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from app.models import Fate
from app.paths import ancestors, path_runs
from app.services.failure_views import BlockerView
from app.services.views import ModuleView

ROWS = 600  # on one page
SIBLINGS = 200  # drawn of one module's children, at most
LEVELS = 24  # below each other
FOLD = 3  # equal siblings from which on they are drawn as one

Stops = Mapping[str, tuple[int, ...]]  # module path → positions of blockers in its own code


@dataclass(frozen=True)
class Branch:
    """One row: a module, or `count` equal ones next to each other, the first standing for all."""

    module: ModuleView
    name: str  # below the row above
    count: int
    stops: tuple[int, ...]
    inside: Mapping[Fate | None, int]  # modules in one of them, by fate
    children: tuple["Branch", ...]
    hidden: int  # modules below that are not drawn here

    @property
    def below(self) -> int:
        """How many modules are in one of them."""
        return sum(self.inside.values())

    @property
    def exported(self) -> int:
        """How many of those were exported."""
        return self.inside.get(Fate.EXPORTED, 0)


@dataclass(frozen=True)
class ModuleTree:
    """What is drawn of it. `hidden` counts top rows' modules that are not."""

    branches: tuple[Branch, ...]
    hidden: int
    fates: Mapping[Fate | None, int]  # of all modules, filtered or not
    matches: int


@dataclass
class _Node:
    """A module while the tree is made."""

    module: ModuleView
    parent: str  # path of the closest module around it; empty for the top
    name: str
    children: list[str] = field(default_factory=list)
    inside: Counter[Fate | None] = field(default_factory=Counter)
    kind: int = 0  # the same for equal subtrees
    count: int = 1  # of equal ones that it stands for

    @property
    def size(self) -> int:
        """Modules that it stands for, with all that is in them."""
        return self.count * (1 + self.inside.total())


def stops_of(blockers: Iterable[BlockerView]) -> Stops:
    """Which blockers are in the code of which module itself."""
    found: dict[str, list[int]] = defaultdict(list)
    for blocker in blockers:
        for path in dict.fromkeys(one.module for one in blocker.occurrences):
            if path is not None:
                found[path].append(blocker.position)
    return {path: tuple(positions) for path, positions in found.items()}


def grow(
    modules: Sequence[ModuleView], stops: Stops, *, fate: Fate | None = None, under: str = ""
) -> ModuleTree:
    """The tree of what is below `under`: of all modules, or of those with this fate."""
    everything = {module.path: module for module in modules if module.path}
    prefix = f"{under}." if under else ""
    kept = {path: module for path, module in everything.items() if path.startswith(prefix)}
    matching = [path for path, module in kept.items() if fate is None or module.fate == fate]
    wanted = {above for path in matching for above in ancestors(path)}.union(matching)
    kept = {path: module for path, module in kept.items() if path in wanted}
    nodes = _nodes(kept, prefix)
    top = _settle(nodes, stops)
    drawn = _choose(nodes, top)
    return ModuleTree(
        branches=tuple(_branch(nodes, path, drawn, stops) for path in top if path in drawn),
        hidden=sum(nodes[path].size for path in top if path not in drawn),
        fates=Counter(module.fate for module in everything.values()),
        matches=len(matching),
    )


def _nodes(modules: Mapping[str, ModuleView], prefix: str) -> dict[str, _Node]:
    """Nodes that know the closest module around them, and their name below it."""
    nodes: dict[str, _Node] = {}
    for path, module in modules.items():
        parent = next((above for above in ancestors(path) if above in modules), "")
        name = path.removeprefix(f"{parent}." if parent else prefix)
        nodes[path] = _Node(module, parent, name)
    for path, node in nodes.items():
        if node.parent:
            nodes[node.parent].children.append(path)
    return nodes


def _settle(nodes: dict[str, _Node], stops: Stops) -> list[str]:
    """Count and fold, from the leaves up; returns the top rows."""
    kinds: dict[object, int] = {}
    for path in sorted(nodes, key=lambda path: path.count("."), reverse=True):
        node = nodes[path]
        for child in node.children:
            node.inside += nodes[child].inside
            node.inside[nodes[child].module.fate] += 1
        node.children = _fold(nodes, node.children)
        module = node.module
        own = (module.class_name, module.fate, module.parameters, module.calls, stops.get(path))
        below = tuple((nodes[one].name, nodes[one].kind) for one in node.children)
        node.kind = kinds.setdefault((own, below), len(kinds))
    return _fold(nodes, [path for path, node in nodes.items() if not node.parent])


def _fold(nodes: dict[str, _Node], siblings: Sequence[str]) -> list[str]:
    """The siblings, the first of some equal ones in their place."""
    kept: list[str] = []
    for _, equal in groupby(siblings, key=lambda path: nodes[path].kind):
        paths = list(equal)
        at = 0
        for run in path_runs([nodes[path].name for path in paths]):
            if run.count < FOLD:
                kept += paths[at : at + run.count]
            else:
                kept.append(paths[at])
                nodes[paths[at]].count, nodes[paths[at]].name = run.count, run.text
            at += run.count
    return kept


def _choose(nodes: Mapping[str, _Node], top: Sequence[str]) -> set[str]:
    """What is drawn: what fails first, then level by level, while there is room."""
    drawn: set[str] = set()
    waiting: list[tuple[bool, int, int, str]] = []

    def draw(paths: Sequence[str], level: int) -> None:
        for path in paths[:SIBLINGS]:
            drawn.add(path)
            fails = nodes[path].module.fate is Fate.FAILED
            heapq.heappush(waiting, (not fails, level, len(drawn), path))

    draw(top, 1)
    while waiting:
        _, level, _, path = heapq.heappop(waiting)
        children = nodes[path].children
        if level < LEVELS and len(drawn) + min(len(children), SIBLINGS) <= ROWS:
            draw(children, level + 1)
    return drawn


def _branch(nodes: Mapping[str, _Node], path: str, drawn: set[str], stops: Stops) -> Branch:
    node = nodes[path]
    return Branch(
        module=node.module,
        name=node.name,
        count=node.count,
        stops=stops.get(path, ()),
        inside=node.inside,
        children=tuple(
            _branch(nodes, child, drawn, stops) for child in node.children if child in drawn
        ),
        hidden=sum(nodes[child].size for child in node.children if child not in drawn),
    )
