"""What stops two runs, paired: what is gone, new or still there, and what is not known. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.services.compare_views import CauseChange, CauseRow, CauseSide


@dataclass(frozen=True)
class Causes:
    """All that is known to stop one run, and how far it came.

    `own` are failures of the run itself: its script, its eager run, a limit. `past_own` says that
    it got past all such; `complete` that it names every blocker that there is: its whole model
    exported, or the search for them ended clean.
    """

    own: Sequence[CauseSide] = ()
    blockers: Sequence[CauseSide] = ()
    past_own: bool = False
    complete: bool = False


_Pair = tuple[CauseSide | None, CauseSide | None]


def pair_causes(base: Causes, head: Causes) -> list[CauseRow]:
    """Every cause of both: the head's in its order, then those that only the base has."""
    own = _pairs(base.own, head.own)
    blockers = _pairs(base.blockers, head.blockers)
    return [
        *(_row(pair, base_sure=base.past_own, head_sure=head.past_own) for pair in own),
        *(_row(pair, base_sure=base.complete, head_sure=head.complete) for pair in blockers),
    ]


def _row(pair: _Pair, *, base_sure: bool, head_sure: bool) -> CauseRow:
    base, head = pair
    if head is None:
        change = CauseChange.GONE if head_sure else CauseChange.MAYBE_GONE
    elif base is None:
        change = CauseChange.NEW if base_sure else CauseChange.MAYBE_NEW
    else:
        change = CauseChange.STILL
    return CauseRow(change=change, base=base, head=head)


def _pairs(base: Sequence[CauseSide], head: Sequence[CauseSide]) -> list[_Pair]:
    """By fingerprint, in order; then by what a reader would take for the same.

    The latter are causes of older runs, which have no fingerprint, and those of one line whose
    expression export spells otherwise, as strict export does: that line stops both.
    """
    left = list(base)
    partners: list[CauseSide | None] = [None] * len(head)
    for are_same in (_same_fingerprint, _same_looks):
        for place, one in enumerate(head):
            if partners[place] is None:
                found = next((other for other in left if are_same(other, one)), None)
                if found is not None:
                    partners[place] = found
                    left.remove(found)
    return [*zip(partners, head, strict=True), *((one, None) for one in left)]


def _same_fingerprint(base: CauseSide, head: CauseSide) -> bool:
    return base.fingerprint is not None and base.fingerprint == head.fingerprint


def _same_looks(base: CauseSide, head: CauseSide) -> bool:
    return _looks(base) == _looks(head)


def _looks(cause: CauseSide) -> tuple[object, ...]:
    return cause.category, cause.file, cause.module, cause.text
