"""The comparison of two runs in a sentence or two. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.models import ReplayStatus, RunStatus, Search, Verdict
from app.services.compare_views import (
    CauseChange,
    CauseRow,
    CauseSide,
    Change,
    CoverageRow,
    GuardDiff,
    RunSide,
    StageRow,
    ValueRow,
)
from app.services.summary import Cause

Rows = Sequence[ValueRow] | Sequence[CoverageRow]


@dataclass(frozen=True)
class Compared:
    """What was found. `values` are rows by what one that differs is called."""

    same_script: bool
    causes: Sequence[CauseRow]
    stages: Sequence[StageRow]
    guards: GuardDiff
    values: Mapping[str, Rows]


_REPLAYS = {
    ReplayStatus.EQUAL: "exports and replays equal",
    ReplayStatus.DIFFERENT: "exports, but the program differs from eager",
    ReplayStatus.NOT_RUN: "exports, not replayed",
}
_NO_VERDICT = {
    RunStatus.QUEUED: "waits for a worker",
    RunStatus.RUNNING: "is still running",
    RunStatus.FINISHED: "ended without a verdict",
    RunStatus.FAILED: "failed",
    RunStatus.CANCELLED: "was cancelled before its verdict",
}
CAUSE_CHANGES = {
    CauseChange.GONE: "gone",
    CauseChange.NEW: "new",
    CauseChange.STILL: "still there",
    CauseChange.MAYBE_GONE: "not known to be gone",
    CauseChange.MAYBE_NEW: "not known to be new",
}


def verdicts(base: RunSide, head: RunSide, causes: Sequence[CauseRow]) -> str:
    """How both ended: `Run 12 exports and replays equal; run 11 is blocked by …`."""
    mine = _ending(base, [row.base for row in causes if row.base])
    its = _ending(head, [row.head for row in causes if row.head])
    if base.id == head.id:
        return f"This is run {head.id} compared with itself: it {its}."
    if mine == its:
        return f"Run {head.id} {its}, just as run {base.id}."
    return f"Run {head.id} {its}; run {base.id} {mine}."


def differences(found: Compared) -> list[str]:
    """What differs, in words, most telling first; times alone are none.

    What is not known is none either: see `unknowns`.
    """
    changes = Counter(row.change for row in found.causes)
    differing = sum(map(stage_differs, found.stages))
    words = [
        *(
            f"{_count(changes[change], 'cause')} {CAUSE_CHANGES[change]}"
            for change in (CauseChange.GONE, CauseChange.NEW)
            if changes[change]
        ),
        "" if found.same_script else "the script",
        f"{differing} of {_count(len(found.stages), 'stage')}" if differing else "",
        _count(found.guards.differ, "guard") if found.guards.differ else "",
        *(_values(noun, rows) for noun, rows in found.values.items()),
    ]
    return [one for one in words if one]


def unknowns(base: RunSide, head: RunSide, found: Compared) -> list[str]:
    """What cannot be said, and why, each as a sentence."""
    live = [side for side in (base, head)[base.id == head.id :] if side.live]
    words = [f"Run {side.id} is not over: what it may still tell is not known." for side in live]
    changes = Counter(row.change for row in found.causes)
    for change, side in ((CauseChange.MAYBE_GONE, head), (CauseChange.MAYBE_NEW, base)):
        if number := changes[change]:
            verb = "is" if number == 1 else "are"
            words.append(f"{_count(number, 'cause')} {verb} {CAUSE_CHANGES[change]}: {_why(side)}")
    return words if live else [*words, *_not_compared(found)]


def _not_compared(found: Compared) -> Iterator[str]:
    """What stays unknown of two runs that are over."""
    large = sum(row.change is Change.NOT_KNOWN for row in found.stages)
    if large:
        yield f"The graphs of {_count(large, 'stage')} are too large to be compared here."
    if number := found.guards.not_known:
        yield (
            f"{_count(number, 'guard')} may or may not be in both: a stage that fails tells only "
            "those that came before."
        )
    if any(row.change is Change.NOT_KNOWN for rows in found.values.values() for row in rows):
        yield "One of the runs did not come so far as to tell its model, environment and coverage."


def stage_differs(row: StageRow) -> bool:
    """Whether more than its time differs."""
    return row.change not in (Change.SAME, Change.NOT_KNOWN) and row.changes != ["seconds"]


def changed(rows: Rows) -> int:
    """How many of them differ."""
    return sum(row.change is Change.CHANGED for row in rows)


def _ending(side: RunSide, causes: Sequence[CauseSide]) -> str:
    match side.verdict:
        case None:
            return _NO_VERDICT[side.status]
        case Verdict.EXPORTED:
            return _REPLAYS[side.replay or ReplayStatus.NOT_RUN]
        case Verdict.PARTLY:
            return f"exports in part{_by(', stopped by ', causes)}"
        case Verdict.BLOCKED:
            return f"is blocked{_by(' by ', causes)}"
        case Verdict.SCRIPT_ERROR:
            return f"fails before any export{_by(': ', causes)}"


def _by(joint: str, causes: Sequence[CauseSide]) -> str:
    if not causes:
        return ""
    first, more = causes[0], len(causes) - 1
    words = Cause(first.category, first.exception, first.file, first.line).words
    return f"{joint}{words}{f' and {more} more' if more else ''}"


def _why(side: RunSide) -> str:
    """Why a run does not tell all that stops it."""
    if side.live:
        return f"run {side.id} is not over."
    if side.verdict is None or side.verdict is Verdict.SCRIPT_ERROR:
        return f"run {side.id} did not come so far."
    match side.search:
        case Search.STUCK:
            return f"the search of run {side.id} got stuck."
        case Search.CAPPED:
            return f"the search of run {side.id} came to its limit."
        case _:
            return f"run {side.id} was not searched to the end."


def _values(noun: str, rows: Rows) -> str:
    number = changed(rows)
    if not number:
        return ""
    return noun if noun.startswith("the ") else _count(number, noun)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
