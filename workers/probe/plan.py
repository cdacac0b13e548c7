"""The plan: which submodules are components, with which role, and which stages follow. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .errors import ScriptError
from .parts import HANDFUL, Called, parts_of
from .placing import Placed, place
from .roles import Role, clue_of

__all__ = ["Called", "Component", "Plan", "PlannedStage", "make_plan"]

MOST_COMPONENTS = 12
MOST_ASSEMBLED = 4
ORDER: tuple[Role, ...] = ("backbone", "neck", "head", "postprocess", "other")


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
            clue = clue_of(module.path, module.class_name)
            own: Role = role or (clue.role if clue else "other")
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
    placed = _largest(place(parts_of(called)))
    return [_component(one.part.module, one.role, one.why) for one in placed]


def _largest(placed: Sequence[Placed]) -> list[Placed]:
    """The largest of too many of a role, and its last, which ends an assembled stage."""
    ranked: list[tuple[int, Placed]] = []
    for role in ORDER:
        own = [one for one in placed if one.role == role]
        by_size = sorted(own[:-1], key=lambda one: -one.part.parameters)
        ranked += enumerate([*own[-1:], *by_size[: HANDFUL - 1]])
    chosen = [one for _, one in sorted(ranked, key=lambda pair: pair[0])[:MOST_COMPONENTS]]
    return [one for one in placed if one in chosen]


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
