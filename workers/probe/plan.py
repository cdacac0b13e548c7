"""The plan: which submodules are components, with which role, and which stages follow. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .errors import ScriptError
from .roles import Role, role_of

MOST_COMPONENTS = 12
MOST_ASSEMBLED = 4
SMALLEST_SHARE = 0.01  # of the model's parameters; what is smaller and has no role is glue
ORDER: tuple[Role, ...] = ("backbone", "neck", "head", "postprocess", "other")


@dataclass(frozen=True)
class Called:
    """A submodule that the eager run called."""

    path: str
    class_name: str
    parameters: int
    calls: int


@dataclass(frozen=True)
class Component:
    """A submodule that the plan picked."""

    path: str
    class_name: str
    role: Role
    why: str
    parameters: int
    calls: int


@dataclass(frozen=True)
class PlannedStage:
    """A stage to come. An assembled one ends at its component."""

    key: str
    kind: str
    name: str
    component: str
    role: Role


@dataclass(frozen=True)
class Plan:
    """Components in order of execution, and their stages in the page's order."""

    components: list[Component] = field(default_factory=list)
    stages: list[PlannedStage] = field(default_factory=list)


def make_plan(called: Sequence[Called], wanted: Any = None) -> Plan:
    """Pick components and stages.

    Args:
        called: the submodules that the eager run called, in order of their first call.
        wanted: the script's or the run's `stages`: paths or globs, or role → path(s).

    Raises:
        ScriptError: `wanted` names no module that was called.
    """
    components = _by_hand(called, wanted) if wanted else _found(called)
    return Plan(components, [*_alone(components), *_assembled(components)])


def _by_hand(called: Sequence[Called], wanted: Any) -> list[Component]:
    patterns = _patterns(wanted)
    picked: dict[str, Component] = {}
    for pattern, role in patterns:
        matches = [module for module in called if fnmatchcase(module.path, pattern)]
        if not matches:
            raise ScriptError(
                f"stages names {pattern!r}; the eager run called no such module.",
                "Called were: " + ", ".join(module.path for module in called[:60]),
            )
        for module in matches:
            found = role_of(module.path, module.class_name)
            own: Role = role or (found[0] if found else "other")
            picked.setdefault(module.path, _component(module, own, f"stages names {pattern}"))
    order = {module.path: index for index, module in enumerate(called)}
    return sorted(picked.values(), key=lambda component: order[component.path])


def _patterns(wanted: Any) -> list[tuple[str, Role | None]]:
    if isinstance(wanted, str):
        return [(wanted, None)]
    if not isinstance(wanted, dict):
        return [(str(pattern), None) for pattern in wanted]
    unknown = set(wanted) - set(ORDER)
    if unknown:
        raise ScriptError(
            f"stages gives the role {sorted(unknown)[0]!r}.", f"Roles are {', '.join(ORDER)}."
        )
    return [
        (str(pattern), role)
        for role, patterns in wanted.items()
        for pattern in ([patterns] if isinstance(patterns, str) else patterns)
    ]


def _found(called: Sequence[Called]) -> list[Component]:
    tree = _Tree(called)
    modules = [module for top in tree.children("") for module in tree.opened(top)]
    total = max(1, sum(module.parameters for module in modules))
    named = {module.path: role_of(module.path, module.class_name) for module in modules}
    kept = [
        module
        for module in modules
        if named[module.path] or module.parameters / total >= SMALLEST_SHARE
    ]
    unnamed = _by_share(kept, named, total)
    components = []
    for module in kept:
        role, why = named[module.path] or unnamed[module.path]
        components.append(_component(module, role, why))
    largest = sorted(components, key=lambda item: (item.role == "other", -item.parameters))
    chosen = {item.path for item in largest[:MOST_COMPONENTS]}
    return [item for item in components if item.path in chosen]


def _by_share(
    kept: Sequence[Called],
    named: dict[str, tuple[Role, str] | None],
    total: int,
) -> dict[str, tuple[Role, str]]:
    """Roles by order of execution and share of parameters, where names say nothing.

    What runs before half of the parameters are passed, and before any neck or head, belongs to
    the backbone; what runs last is a head, where no name says another.
    """
    known = {found[0] for found in named.values() if found}
    roles: dict[str, tuple[Role, str]] = {}
    before, in_backbone = 0, True
    for module in kept:
        share = f"{100 * module.parameters / total:.0f} % of the parameters"
        if found := named[module.path]:
            in_backbone = in_backbone and found[0] == "backbone"
        else:
            if in_backbone and before < total / 2:
                roles[module.path] = ("backbone", f"it runs early and holds {share}")
            elif module is kept[-1] and "head" not in known:
                roles[module.path] = ("head", f"it runs last and holds {share}")
            else:
                roles[module.path] = ("other", f"no name says more; it holds {share}")
        before += module.parameters
    return roles


class _Tree:
    """The called modules by their parents."""

    def __init__(self, called: Sequence[Called]) -> None:
        self._modules = {module.path: module for module in called if module.path}
        self._children: dict[str, list[Called]] = {}
        for module in self._modules.values():
            self._children.setdefault(self._parent(module.path), []).append(module)

    def children(self, path: str) -> list[Called]:
        return self._children.get(path, [])

    def opened(self, module: Called) -> Iterator[Called]:
        """The module itself, or its children where they say more than it does."""
        children = self.children(module.path)
        if self._wraps(module, children) or len(self._roles_below(module)) > 1:
            for child in children:
                yield from self.opened(child)
        else:
            yield module

    def _roles_below(self, module: Called) -> set[Role]:
        """Distinct roles of what is right below; below modules without one, of what they hold.

        A backbone must be among them: several heads are no reason to take a head apart.
        """
        roles: set[Role] = set()
        for child in self.children(module.path):
            found = role_of(child.path, child.class_name)
            roles |= {found[0]} if found else self._roles_below(child)
        return roles if "backbone" in roles else set()

    def _wraps(self, module: Called, children: Sequence[Called]) -> bool:
        """A bare wrapper: all of the model's parameters, no role, and parts that have some."""
        everything = all(
            other.parameters == 0 or other.path.startswith(module.path)
            for other in self.children("")
        )
        bearing = sum(child.parameters > 0 for child in children)
        return everything and bearing > 1 and not role_of(module.path, module.class_name)

    def _parent(self, path: str) -> str:
        """The nearest ancestor that was called: lists of modules are not."""
        while path:
            path = path.rpartition(".")[0]
            if path in self._modules:
                return path
        return ""


def _component(module: Called, role: Role, why: str) -> Component:
    return Component(module.path, module.class_name, role, why, module.parameters, module.calls)


def _alone(components: Sequence[Component]) -> Iterator[PlannedStage]:
    for item in components:
        yield PlannedStage(f"component:{item.path}", "component", item.path, item.path, item.role)


def _assembled(components: Sequence[Component]) -> Iterator[PlannedStage]:
    """Prefixes that end where a role ends; of too many, the first ones and the last."""
    ends = [
        item
        for index, item in enumerate(components)
        if item.role not in {following.role for following in components[index + 1 : index + 2]}
    ]
    if len(ends) > MOST_ASSEMBLED:
        ends = [*ends[: MOST_ASSEMBLED - 1], ends[-1]]
    names: set[str] = set()
    for end in ends:
        upto = components[: components.index(end) + 1]
        roles = dict.fromkeys(item.role for item in upto if item.role != "other")
        name = " + ".join(roles)
        if not name or name in names:  # an end without a role of its own
            name = f"{name}, to {end.path}".removeprefix(", ")
        names.add(name)
        yield PlannedStage(f"assembled:{end.path}", "assembled", name, end.path, end.role)
