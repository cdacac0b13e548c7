"""A run's exit status, and what a run has lost since an earlier one. Pure."""

from collections.abc import Iterator

from app.cli.exits import Exit
from app.models import ReplayStatus, RunStatus, Search, StageKind, Verdict
from app.services.failure_views import BlockerView
from app.services.summary import CAUSES, headline
from app.services.views import RunView

_ORDER = (Verdict.EXPORTED, Verdict.PARTLY, Verdict.BLOCKED, Verdict.SCRIPT_ERROR)


def exit_of(run: RunView) -> Exit:
    """What the command ends with. A verdict stands, also when what followed it was cancelled."""
    if run.status is RunStatus.FAILED:
        return Exit.NO_VERDICT
    match run.verdict:
        case None:
            return Exit.NO_VERDICT
        case Verdict.SCRIPT_ERROR:
            return Exit.SCRIPT
        case Verdict.EXPORTED:
            return Exit.STOPPED if whole_replay(run) is ReplayStatus.DIFFERENT else Exit.EXPORTED
        case Verdict.PARTLY | Verdict.BLOCKED:
            return Exit.STOPPED


def whole_replay(run: RunView) -> ReplayStatus | None:
    """How the whole model's program replayed; None where there is no such stage."""
    return next((stage.replay for stage in run.stages if stage.kind is StageKind.WHOLE), None)


def regressions(base: RunView, head: RunView) -> tuple[str, ...]:
    """What got worse from `base` to `head`, a sentence each. What had no verdict lost nothing."""
    if base.verdict is None or head.verdict is None:
        return ()
    return tuple([*_worse_verdict(base, head), *_new_blockers(base, head)])


def _worse_verdict(base: RunView, head: RunView) -> Iterator[str]:
    before, after = (_ORDER.index(run.verdict) for run in (base, head) if run.verdict)
    words = [headline(run.verdict, whole_replay(run)) for run in (base, head)]
    differs = [whole_replay(run) is ReplayStatus.DIFFERENT for run in (base, head)]
    if after > before or (after == before == 0 and differs == [False, True]):
        yield f"The verdict was {words[0]!r} and is {words[1]!r}."


def _new_blockers(base: RunView, head: RunView) -> Iterator[str]:
    if base.verdict is Verdict.SCRIPT_ERROR:  # export was not reached: none could be known
        return
    known = {_identity(blocker) for blocker in base.blockers}
    found = {_identity(blocker) for blocker in head.blockers}
    ended_early = base.search is not None and base.search.complete is not Search.CLEAN
    if ended_early and known - found:  # one that is gone may have hidden those behind it
        return
    for blocker in head.blockers:
        if _identity(blocker) not in known:
            place = f" at {blocker.file}:{blocker.line}" if blocker.file else ""
            yield f"New: {CAUSES[blocker.category]}{place}."


def _identity(blocker: BlockerView) -> str:
    """Its fingerprint; without one, what it is and its line's code."""
    return blocker.fingerprint or f"{blocker.category}:{blocker.file}:{blocker.text.strip()}"
