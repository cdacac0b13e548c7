"""Which guards of an export shut out a size of a dimension."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from .torch_guards import Recorded

MOST_GUARDS = 2_000  # that are looked at
MOST_CAUSES = 4


def causes_of(
    name: str, other: int, guards: Sequence[Recorded], hints: Mapping[str, int]
) -> list[Recorded]:
    """The guards that hold at the example and not where the dimension has another size.

    The first is about this dimension alone where there is one. A guard that ties it to another
    dimension is followed by what fixes that one.

    Args:
        name: the dimension, `x.shape[0]`.
        other: the size that is shut out.
        guards: all guards of the export, in order.
        hints: the size of every dimension in the export's inputs, by name.
    """
    found = _causes(name, other, guards[:MOST_GUARDS], hints, set())
    return list(islice(found, MOST_CAUSES))


def _causes(
    name: str,
    other: int,
    guards: Sequence[Recorded],
    hints: Mapping[str, int],
    seen: set[str],
) -> Iterator[Recorded]:
    seen.add(name)
    tied: list[Recorded] = []
    for guard in _about(name, guards):
        if _is_false(guard, {**hints, name: other}):
            if len(guard.sources) == 1:
                yield guard
                return
            tied.append(guard)
    for guard in tied[:1]:
        yield guard
        for partner in sorted(set(guard.sources.values()) - seen):
            if partner in hints:
                yield from _causes(partner, hints[partner] + 1, guards, hints, seen)


def joint_cause(guards: Sequence[Recorded], sizes: Mapping[str, int]) -> Recorded | None:
    """The first guard of several dimensions that does not hold where they have these sizes."""
    several = [guard for guard in guards[:MOST_GUARDS] if len(guard.sources) > 1]
    return next((guard for guard in several if _is_false(guard, sizes)), None)


def _about(name: str, guards: Sequence[Recorded]) -> list[Recorded]:
    """Those that name the dimension, each expression once."""
    found: dict[str, Recorded] = {}
    for guard in guards:
        if guard.kind == "guard" and name in guard.sources.values():
            found.setdefault(guard.text, guard)
    return list(found.values())


def _is_false(guard: Recorded, sizes: Mapping[str, int]) -> bool:
    """Whether a guard is false at these sizes; what it is not about or sympy cannot tell is not."""
    values = {}
    for symbol in guard.expression.free_symbols:
        size = sizes.get(guard.sources.get(str(symbol), ""))
        if size is None:
            return False
        values[symbol] = size
    try:
        return not bool(guard.expression.subs(values))
    except TypeError:
        return False
