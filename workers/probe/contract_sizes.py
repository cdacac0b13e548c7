"""A call's inputs at other sizes, and what a set of sizes has in common."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .contract_dims import Arguments
from .replay import with_size

Sizes = Mapping[tuple[int, int], int]  # (leaf, dimension) → size

SCANNED = 66  # sizes from 0 that are asked one by one
FAR = (1 << 20) - 1  # beyond this a dimension counts as unbounded
MOST_EXCEPTIONS = 16
MOST_GROWTH = 32  # times the elements of the script's own inputs
FEW_ELEMENTS = 1 << 20  # that are never too many


def resized(inputs: Arguments, sizes: Sizes) -> Arguments:
    """The inputs with some dimensions at other sizes, their own rows repeated or left out."""

    def change(place: int, leaf: Any) -> Any:
        for (of, dim), size in sizes.items():
            if of == place and leaf.shape[dim] != size:
                leaf = with_size(leaf, dim, size)
        return leaf

    return _changed(inputs, change)


def resized_on_meta(inputs: Arguments, sizes: Sizes) -> Arguments:
    """Tensors without memory in the shapes that `resized` would give."""

    def change(place: int, leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        shape = list(leaf.shape)
        for (of, dim), size in sizes.items():
            if of == place:
                shape[dim] = size
        return torch.empty(shape, dtype=leaf.dtype, device="meta")

    return _changed(inputs, change)


def fits(inputs: Arguments, sizes: Sizes) -> bool:
    """Whether inputs of these sizes stay small beside the script's own."""
    allowed = max(FEW_ELEMENTS, MOST_GROWTH * _elements(inputs))
    return _elements(resized_on_meta(inputs, sizes)) <= allowed


def _elements(inputs: Arguments) -> int:
    leaves = pytree.tree_leaves(inputs)
    return sum(leaf.numel() for leaf in leaves if isinstance(leaf, torch.Tensor))


def _changed(inputs: Arguments, change: Callable[[int, Any], Any]) -> Arguments:
    leaves, shape = pytree.tree_flatten(inputs)
    changed: Arguments = pytree.tree_unflatten(
        [change(place, leaf) for place, leaf in enumerate(leaves)], shape
    )
    return changed


@dataclass(frozen=True)
class Span:
    """A set of sizes: `remainder` modulo `step` from `lower` to `upper`, less the exceptions."""

    lower: int
    upper: int | None  # None: no end was met
    step: int = 1
    remainder: int = 0
    exceptions: tuple[int, ...] = ()  # inside it, and not in the set

    def __contains__(self, size: int) -> bool:
        return (
            size >= self.lower
            and (self.upper is None or size <= self.upper)
            and size % self.step == self.remainder
            and size not in self.exceptions
        )

    def after(self, size: int) -> int:
        """The next size of its step above this one."""
        return size + self.step - (size - self.remainder) % self.step


def span_of(takes: Callable[[int], bool], size: int) -> Span | None:
    """The set of sizes that are taken, as far as asking for some of them tells.

    Args:
        takes: whether a size is taken; asked for every size up to SCANNED or around `size`, and
            for some far beyond.
        size: one that is taken.

    Returns:
        None where no other size is taken, or no simple rule tells which.
    """
    start = max(0, size - SCANNED // 2) if size > SCANNED // 2 else 0
    scanned = range(start, start + SCANNED)
    taken = [one for one in scanned if takes(one)]
    others = [one for one in taken if one > 1] or taken
    if len(others) < 2:
        return None
    step = math.gcd(*(one - others[0] for one in others[1:]))
    remainder = others[0] % step
    lower = others[0] if start == 0 else _lowest(takes, start, others[0], step)
    upper = _highest(takes, others[-1], step, scanned[-1])
    expected = [one for one in range(others[0], others[-1] + 1) if one % step == remainder]
    exceptions = tuple(sorted(set(expected) - set(others)))
    if len(exceptions) > MOST_EXCEPTIONS:
        return None
    for low in (1, 0):  # torch checks no bound below 2
        if low in taken and lower == low + step and low % step == remainder:
            lower = low
    return Span(lower, upper, step, remainder, exceptions)


def _lowest(takes: Callable[[int], bool], start: int, known: int, step: int) -> int:
    """The lowest size of the step that is taken, where those below `start` are taken in a row."""
    if known - step >= start:
        return known
    least = known % step
    return _edge(takes, known, least, -step)


def _highest(takes: Callable[[int], bool], known: int, step: int, last: int) -> int | None:
    """The highest one; None: there is no end before FAR."""
    if known + step <= last:
        return known
    far = known + (FAR - known) // step * step
    if takes(far):
        return None
    return _edge(takes, known, far, step)


def _edge(takes: Callable[[int], bool], good: int, bad: int, step: int) -> int:
    """The last taken size on the way from `good` to `bad`, by halving."""
    if takes(bad):
        return bad
    while abs(bad - good) > abs(step):
        middle = good + (bad - good) // (2 * step) * step
        good, bad = (middle, bad) if takes(middle) else (good, middle)
    return good


def around(span: Span, size: int) -> list[int]:
    """Sizes of the set to try, the telling ones first."""
    wanted = [
        span.after(size),
        span.lower,
        span.after(span.lower),
        span.after(2 * size),
        size - span.step,
        size if span.upper is None else span.upper,
        span.after(3 * size),
    ]
    return _each_once(one for one in wanted if one in span and one != size)


def outside(span: Span, size: int) -> list[int]:
    """Sizes near it that it leaves out."""
    wanted = [span.lower - span.step, *span.exceptions[:2]]
    if span.step > 1:
        wanted += [size + 1, size + span.step - 1]
    if span.upper is not None:
        wanted.append(span.upper + span.step)
    return _each_once(one for one in wanted if one >= 0 and one not in span)


def others_than(size: int) -> list[int]:
    """Sizes to try of a dimension of which nothing is known."""
    wanted = [size + 1, 2 * size, size - 1, size + 2, size // 2]
    return _each_once(one for one in wanted if one > 0 and one != size)


def _each_once(sizes: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(sizes))
