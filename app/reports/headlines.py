"""What a report says first, in plain words: the subject, and what came out. Pure."""

from app.models import ReplayStatus, ShareKind, StageStatus
from app.reports.code_free import safe_facts
from app.reports.safe_text import safe_name
from app.services.failure_views import FailureView
from app.services.summary import Cause, RunFacts, Summary, Tone, summarise
from app.services.views import StageDetail

# What export said of a stage, and how its program compares with eager.
_PASSED = {
    ReplayStatus.EQUAL: (Tone.GOOD, "exports and replays equal to eager"),
    ReplayStatus.DIFFERENT: (Tone.DOUBT, "exports, but the exported program differs from eager"),
    ReplayStatus.NOT_RUN: (Tone.DOUBT, "exports; it was not replayed"),
}
_OTHERS = {
    StageStatus.PENDING: (Tone.WAIT, "has not been tried yet"),
    StageStatus.RUNNING: (Tone.WORK, "is being exported"),
    StageStatus.SKIPPED: (Tone.OFF, "was not tried"),
}


def words_of(kind: ShareKind, run: int, position: int | None, head: int | None) -> str:
    """What a report is about, in a few words."""
    match kind:
        case ShareKind.RUN:
            return f"Run {run}"
        case ShareKind.STAGE:
            return f"Stage {position} of run {run}"
        case ShareKind.FAILURE:
            return f"Blocker {position} of run {run}"
        case ShareKind.COMPARE:
            return f"Run {head} against run {run}"


def run_headline(facts: RunFacts, *, with_source: bool) -> Summary:
    """Whether the model exports, how far, and what stops it."""
    return summarise(facts if with_source else safe_facts(facts))


def blocker_headline(failure: FailureView, *, with_source: bool) -> Summary:
    """What it is, where, and what it does."""
    words = _cause(failure, with_source=with_source).words
    return Summary(Tone.BAD, f"{words[0].upper()}{words[1:]} stops the whole model.")


def stage_headline(stage: StageDetail, *, with_source: bool) -> Summary:
    """What came of one stage."""
    name = stage.name if with_source else safe_name(stage.name)
    named = f"The stage {name}" if name else "The stage"
    if stage.status is StageStatus.FAILED:
        by = stage.failure and _cause(stage.failure, with_source=with_source)
        return Summary(
            Tone.BAD, f"{named} does not export{f', stopped by {by.words}' if by else ''}."
        )
    tone, words = (
        _PASSED[stage.replay] if stage.status is StageStatus.PASSED else _OTHERS[stage.status]
    )
    return Summary(tone, f"{named} {words}.")


def _cause(failure: FailureView, *, with_source: bool) -> Cause:
    file = failure.file if with_source else safe_name(failure.file or "")
    return Cause(failure.category, failure.exception, file or None, failure.line)
