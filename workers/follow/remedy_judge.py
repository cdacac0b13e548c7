"""What a trial says of a remedy. Pure.

It works where its culprit is gone, the changed code computes in eager what the upload computes,
and, if the whole exports, the program does too: on the run's own inputs and on others like them. A
remedy that changes what is asked for, or keeps the example's answer, may refuse other inputs; no
remedy may give something else for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from app.models import RemedyStatus, ReplayStatus, Search
from workers.answers.trial import Trial, TrialCase
from workers.events import FailureReport, OutputDifference
from workers.follow.model import Answer
from workers.follow.remedy_state import (
    Standing,
    Stop,
    carried,
    changed_lines,
    matched,
    stop_of_report,
)
from workers.remedies.model import Edit
from workers.verdict import Trouble

LENIENT = frozenset({"request", "pin"})  # kinds that may refuse other inputs
SHOWN_OUTPUTS = 40  # of one case that are kept


class Outcome(Enum):
    """What a trial comes to."""

    WORKS = "works"
    MOVED = "moved"  # the culprit is gone, and a line behind it stops the export now
    FAILS = "fails"
    UNKNOWN = "unknown"  # nothing could be compared


@dataclass(frozen=True)
class Judgement:
    """The outcome with what its row says. `standing` is the script with the remedy in it."""

    outcome: Outcome
    reason: str
    standing: Standing
    failure: dict[str, Any] | None = None
    replay: ReplayStatus = ReplayStatus.NOT_RUN
    replay_detail: dict[str, Any] | None = None
    exported: bool = False

    @property
    def status(self) -> RemedyStatus:
        """The status of its row."""
        match self.outcome:
            case Outcome.WORKS:
                return RemedyStatus.WORKS
            case Outcome.UNKNOWN:
                return RemedyStatus.NOT_TRIED
            case _:
                return RemedyStatus.FAILS


@dataclass(frozen=True)
class Tried:
    """One proposal: the script before and after it, and the cause that it is for."""

    before: Standing
    after: Standing
    edit: Edit
    stop: Stop
    lenient: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lenient", bool(self.after.kinds & LENIENT))


def judge(tried: Tried, answer: Answer) -> Judgement:
    """What came of a trial's process."""
    trial = answer.first(Trial)
    if trial is None:
        return _unfinished(tried, answer)
    if trial.why:
        return Judgement(Outcome.UNKNOWN, f"It could not be compared. {trial.why}", tried.after)
    if worst := _worst(trial.eager, lenient=tried.lenient):
        return Judgement(Outcome.FAILS, f"In eager, {_how(worst)}", tried.after)
    if trial.exported:
        return _exported(tried, trial)
    return _stopped(tried, trial)


def _unfinished(tried: Tried, answer: Answer) -> Judgement:
    """Its process did not come to an answer."""
    if answer.trouble == Trouble.no_time():
        return Judgement(Outcome.UNKNOWN, answer.why_not, tried.after)
    why = answer.why_not or "It ended without an answer."
    return Judgement(
        Outcome.FAILS, f"The changed script did not come to its end: {why}", tried.after
    )


def _exported(tried: Tried, trial: Trial) -> Judgement:
    standing = replace(tried.after, stops=(), is_clean=True)
    worst = _worst(trial.replay, lenient=tried.lenient, sizes=True)
    equal = [case for case in trial.replay if case.status == "equal"]
    judgement = Judgement(
        Outcome.WORKS,
        _note(tried, trial),
        standing,
        replay=ReplayStatus.EQUAL,
        replay_detail=_detail(equal),
        exported=True,
    )
    if worst is None:
        return judgement
    return replace(
        judgement,
        outcome=Outcome.FAILS,
        reason=f"It exports; of the exported program, {_how(worst)}",
        replay=worst.replay,
        replay_detail=_detail([*equal, worst]),
    )


def _stopped(tried: Tried, trial: Trial) -> Judgement:
    """It does not export: is this culprit gone, and what came of it?"""
    if tried.stop.is_silent:
        told = failure_data(trial.failure) if trial.failure else None
        return Judgement(Outcome.FAILS, "It does not export any more.", tried.before, told)
    before, after = tried.before.stops, [stop_of_report(report) for report in trial.blockers]
    was = matched(before, after, tried.before.files, tried.after.files)
    standing = replace(
        tried.after,
        stops=carried(after, was),
        is_clean=trial.complete is Search.CLEAN,
    )
    reports = dict(zip(map(id, after), trial.blockers, strict=True))
    for stop, old in zip(after, was, strict=True):
        if old is tried.stop:
            failure = failure_data(reports[id(stop)].failure)
            return Judgement(Outcome.FAILS, "The line still stops the export.", standing, failure)
    if not after:  # it failed, and nothing says where
        told = failure_data(trial.failure) if trial.failure else None
        return Judgement(Outcome.FAILS, "It does not export.", standing, told)
    first = next((stop for stop, old in zip(after, was, strict=True) if old is None), None)
    if first is None:
        return Judgement(Outcome.WORKS, _note(tried, trial), standing)
    failure = failure_data(reports[id(first)].failure)
    if _is_own(first, tried):
        why = "The line is gone, and what stands in its place stops the export."
        return Judgement(Outcome.FAILS, why, standing, failure)
    if _comes_before(first, after, was, tried):
        why = f"The line is gone, and the export stops before it, at {first.words}."
        return Judgement(Outcome.FAILS, why, standing, failure)
    if not tried.before.is_clean:
        return Judgement(Outcome.WORKS, _note(tried, trial), standing)
    why = f"The line is gone, and the export stops behind it, at {first.words}."
    return Judgement(Outcome.MOVED, why, standing, failure)


def _is_own(stop: Stop, tried: Tried) -> bool:
    """Whether a cause lies in a line that the remedy wrote."""
    lines = changed_lines(tried.before.files, tried.after.files)
    cause = stop.cause
    places = {(cause.file, cause.line), (cause.upload_file, cause.upload_line)}
    return bool(places & lines)


def _comes_before(
    stop: Stop, after: Sequence[Stop], was: Sequence[Stop | None], tried: Tried
) -> bool:
    """Whether a new cause is met before one that was met before this remedy's."""
    earlier = list(tried.before.stops)
    earlier = earlier[: earlier.index(tried.stop)]
    behind = was[list(after).index(stop) + 1 :]
    return any(one is old for one in behind for old in earlier)


def _worst(cases: Sequence[TrialCase], *, lenient: bool, sizes: bool = False) -> TrialCase | None:
    """The first case that a remedy is not allowed. `sizes`: others may be refused, as asked."""
    for place, case in enumerate(cases):
        may_refuse = (lenient and place > 0) or (sizes and case.other_sizes)
        if case.status == "different" or (case.status == "refused" and not may_refuse):
            return case
    return None


def _how(case: TrialCase) -> str:
    verb = "fails" if case.status == "refused" else "gives something else"
    return f"it {verb} on {case.inputs}: {case.why}."


def _note(tried: Tried, trial: Trial) -> str:
    """What a remedy that works says."""
    cases = trial.replay or trial.eager
    refused = [case.inputs for case in cases if case.status == "refused"]
    parts = [tried.edit.note]
    if trial.changed:
        parts.append(f"Outputs have another form: {trial.changed}.")
    if refused:
        parts.append(f"Refused: {', '.join(refused)}.")
    return " ".join(filter(None, parts))


def failure_data(report: FailureReport) -> dict[str, Any]:
    """What stops a remedy, in short."""
    culprit = report.culprit
    return {
        "category": report.category.value,
        "exception": report.exception,
        "message": report.message[:4_000],
        "file": culprit.file if culprit else None,
        "line": culprit.line if culprit else None,
        "text": culprit.text if culprit else "",
        "module": report.module,
        "expression": report.expression,
    }


def _detail(cases: Sequence[TrialCase]) -> dict[str, Any]:
    """A ReplayReport of these."""
    outputs = [output for case in cases for output in case.outputs]
    worst = next((case for case in cases if case.status != "equal"), None)
    return {
        "status": (worst.replay if worst else ReplayStatus.EQUAL).value,
        "why": f"{worst.inputs}: {worst.why}" if worst else "",
        "max_abs": _largest([output.max_abs for output in outputs]),
        "max_rel": _largest([output.max_rel for output in outputs]),
        "cases": [_case_data(case) for case in cases],
    }


def _case_data(case: TrialCase) -> dict[str, Any]:
    shown: Sequence[OutputDifference] = case.outputs[:SHOWN_OUTPUTS]
    return {
        "inputs": case.inputs,
        "sizes": {},
        "status": case.replay.value,
        "why": case.why,
        "outputs": [output.model_dump(mode="json") for output in shown],
    }


def _largest(values: Sequence[float | str]) -> float | str | None:
    texts = [value for value in values if isinstance(value, str)]
    return texts[0] if texts else max((v for v in values if not isinstance(v, str)), default=None)
