"""The guards of stages that two runs have in common, paired by what they say. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.services.compare_views import Change


class GuardRead(NamedTuple):
    """A guard as it is told apart from others; `stage` is its stage's key."""

    id: int
    stage: str
    kind: str
    words: str  # in terms of the inputs, else in torch's symbols
    silent: bool


@dataclass(frozen=True)
class GuardPair:
    """What one guard is in each run: the ids of its rows there."""

    stage: str
    base: tuple[int, ...]
    head: tuple[int, ...]
    change: Change

    @property
    def shown(self) -> int:
        """The id of the row to describe it by."""
        return (self.head or self.base)[0]


@dataclass(frozen=True)
class Reach:
    """How far the guards of one run are known.

    A stage that failed, or goes on, told only those that came before its end; `cut` says that the
    run has more guards than were read.
    """

    stages: frozenset[str]  # keys of those that passed
    cut: bool = False

    def knows(self, stage: str) -> bool:
        """Whether a guard that is not among the stage's is none of it."""
        return not self.cut and stage in self.stages


def pair_guards(
    base: Iterable[GuardRead],
    head: Iterable[GuardRead],
    base_reach: Reach,
    head_reach: Reach,
) -> list[GuardPair]:
    """Each guard once, in the head's order, then those that only the base has."""
    ours, theirs = _grouped(base), _grouped(head)
    pairs = []
    for key in {**theirs, **ours}:
        mine, its = tuple(ours.get(key, ())), tuple(theirs.get(key, ()))
        lacking = head_reach if len(its) < len(mine) else base_reach
        change = _change(len(mine), len(its), known=lacking.knows(key[0]))
        pairs.append(GuardPair(key[0], mine, its, change))
    return pairs


def _grouped(guards: Iterable[GuardRead]) -> Mapping[tuple[str, str, str, bool], list[int]]:
    found: dict[tuple[str, str, str, bool], list[int]] = defaultdict(list)
    for guard in guards:
        found[guard[1:]].append(guard[0])
    return found


def _change(base: int, head: int, *, known: bool) -> Change:
    if base == head:
        return Change.SAME
    if not known:
        return Change.NOT_KNOWN
    if not base:
        return Change.ADDED
    return Change.CHANGED if head else Change.REMOVED
