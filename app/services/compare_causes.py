"""What stops two runs, paired: what is gone, new or still there, and what is not known. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.services.cause_pairs import pair_by_cause
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
    own = pair_by_cause(base.own, head.own)
    blockers = pair_by_cause(base.blockers, head.blockers)
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
