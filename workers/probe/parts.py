"""Parts: the modules to choose from, opened as far as it helps, equal layers taken as one. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .roles import Clue, Kind, Role, clue_of, is_plain

HANDFUL = 6  # parts that one backbone is shown as
LARGEST_STACK = 4  # modules of one class and name that are shown one by one
SMALLEST_SHARE = 0.01  # of the model's parameters; what is smaller and unnamed is glue
BULK = 2 / 3  # of the model's parameters; a part that holds as many is worth a look inside
_TELLING: frozenset[Kind] = frozenset(("named", "encoder", "decoder", "base"))
_NUMBER = re.compile(r"\d+([a-z](?![a-z]))?")  # of layer2, s1_fuse, inception4a


@dataclass(frozen=True)
class Called:
    """A submodule that the eager run called."""

    path: str
    class_name: str
    parameters: int
    calls: int


@dataclass(frozen=True)
class Part:
    """A module to choose, and how many equal ones it stands for."""

    module: Called
    clue: Clue | None = None
    inside: Clue | None = None  # of the module that was opened around it
    stands_for: int = 1
    parameters: int = 0  # of all that it stands for

    @property
    def kind(self) -> Kind | None:
        """What its clue is worth."""
        return self.clue.kind if self.clue else None

    @property
    def series(self) -> tuple[str, str]:
        """What layer1 and layer2 share: the path but for its numbers, and the class."""
        return _NUMBER.sub("#", self.module.path), self.module.class_name


def parts_of(called: Sequence[Called]) -> list[Part]:
    """The parts of the model, in order of execution."""
    tree = _Tree(called)
    parts = [part for top in tree.parts("") for part in tree.opened(top)]
    order = {module.path: index for index, module in enumerate(called)}
    parts = _stacked(sorted(parts, key=lambda part: order[part.module.path]))
    return _spread(tree, parts)


def is_glue(part: Part, total: int) -> bool:
    """Whether it is too small to matter, and has no name that says otherwise."""
    if part.kind in ("named", "output"):
        return False
    if part.kind in ("stem", "encoder", "decoder"):
        return part.parameters == 0
    return part.parameters < SMALLEST_SHARE * total or is_plain(part.module.class_name)


def total_of(parts: Sequence[Part]) -> int:
    """The parameters that these hold; at least 1, to divide by."""
    return max(1, sum(part.parameters for part in parts))


def _stacked(parts: Sequence[Part]) -> list[Part]:
    """Repeated layers as one part: the last of them, so that a prefix up to it holds them all."""
    stacks: dict[str, Part | None] = {}
    for layers in _runs(parts):
        equal = len({layer.parameters for layer in layers}) == 1
        if len(layers) > 1 and (equal or len(layers) > LARGEST_STACK):
            parameters = sum(layer.parameters for layer in layers)
            stacks.update({layer.module.path: None for layer in layers})
            last = replace(layers[-1], stands_for=len(layers), parameters=parameters)
            stacks[last.module.path] = last
    return [kept for part in parts if (kept := stacks.get(part.module.path, part))]


def _runs(parts: Sequence[Part]) -> list[list[Part]]:
    """What follows each other under one name; other names may run in between."""
    runs: list[list[Part]] = []
    latest: dict[str, list[Part]] = {}
    for part in parts:
        name = part.series[0]
        run = latest.get(name)
        if run is None or run[-1].series != part.series:
            run = latest[name] = []
            runs.append(run)
        run.append(part)
    return runs


def _spread(tree: "_Tree", parts: list[Part]) -> list[Part]:
    """Where all is one backbone, its stages instead of the whole, while they are a handful."""
    while all(part.clue is None or part.clue.role == "backbone" for part in parts):
        total = total_of(parts)
        bulk = [part for part in parts if part.parameters >= BULK * total]
        if not bulk or bulk[0].stands_for > 1 or bulk[0].module.calls > 1:
            break
        (part,) = bulk
        within = _stacked(tree.within(part))
        bearing = [one for one in within if not is_glue(one, total)]
        others = [one for one in parts if one is not part and not is_glue(one, total)]
        alone = len(bearing) == 1 and bearing[0].stands_for == 1
        if not alone and not 1 < len(bearing) <= HANDFUL - len(others):
            break
        at = parts.index(part)
        parts = [*parts[:at], *within, *parts[at + 1 :]]
    return parts


class _Tree:
    """The called modules by their parents."""

    def __init__(self, called: Sequence[Called]) -> None:
        self._modules = {module.path: module for module in called if module.path}
        self._children: dict[str, list[Called]] = {}
        for module in self._modules.values():
            self._children.setdefault(self._parent(module.path), []).append(module)
        self._bearing = [top.path for top in self._children.get("", []) if top.parameters]

    def parts(self, path: str, inside: Clue | None = None) -> list[Part]:
        """What was called right below."""
        return [
            Part(child, clue_of(child.path, child.class_name), inside, parameters=child.parameters)
            for child in self._children.get(path, [])
        ]

    def within(self, part: Part) -> list[Part]:
        """What was called right below this part."""
        clue = part.clue if part.clue and part.clue.kind != "base" else part.inside
        return self.parts(part.module.path, clue)

    def opened(self, part: Part) -> list[Part]:
        """The part itself, or what it holds where that says more than it does."""
        within = self.within(part)
        if self._wraps(part, within) or self._is_composed(part):
            return [leaf for child in within for leaf in self.opened(child)]
        return [part]

    def _is_composed(self, part: Part) -> bool:
        """A backbone and more in one module, or several base models.

        Several heads are no reason to take a head apart, and what is called more than once is
        the step of a loop.
        """
        if part.module.calls > 1 or (part.clue and part.clue.role == "head"):
            return False
        clues = self._clues_below(part.module.path)
        roles: set[Role] = {clue.role for clue in clues}
        return "backbone" in roles and (
            len(roles) > 1 or sum(clue.kind in ("base", "named") for clue in clues) > 1
        )

    def _clues_below(self, path: str) -> list[Clue]:
        """Telling clues right below; below modules without one, of what they hold."""
        clues: list[Clue] = []
        for child in self.parts(path):
            if _NUMBER.search(child.module.path.rpartition(".")[2]):
                continue  # a layer of many: what it holds is not the model's
            if child.clue is None:
                clues += self._clues_below(child.module.path)
            elif child.clue.kind in _TELLING:
                clues.append(child.clue)
        return clues

    def _wraps(self, part: Part, within: Sequence[Part]) -> bool:
        """A bare wrapper: all of the model's parameters, no role, and parts that have some."""
        bearing = sum(child.parameters > 0 for child in within)
        return part.clue is None and bearing > 1 and self._bearing == [part.module.path]

    def _parent(self, path: str) -> str:
        """The nearest ancestor that was called: lists of modules are not."""
        while path:
            path = path.rpartition(".")[0]
            if path in self._modules:
                return path
        return ""
