"""The exit status that a run comes to. Pure."""

from app.cli.exits import Exit
from app.models import ReplayStatus, RunStatus, StageKind, Verdict
from app.services.views import RunView


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
