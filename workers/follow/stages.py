"""Courses of one stage each: the other mode, draft_export, ONNX. None of them changes a verdict."""

from collections.abc import Generator, Mapping
from typing import Any

from app.models import Run, StageKind, StageStatus
from app.services.record import StageEnd
from workers import rows
from workers.events import ProbeKind, StageFinished
from workers.follow.context import Context
from workers.follow.model import Answer, Errand

REPLAY_SECONDS = 60.0  # of ONNX's reference evaluator


def strict(context: Context) -> Generator[Errand, Answer, None]:
    """The user's call in the other mode, whether or not it passed in its own."""
    if was_exported(context):
        with context.reading() as session:
            loaded = session.get_one(Run, context.run_id).loaded or {}
        mode = "non-strict" if loaded.get("strict") else "strict"
        yield from _stage(context, StageKind.STRICT, ProbeKind.STRICT, f"whole model, {mode}")


def draft(context: Context) -> Generator[Errand, Answer, None]:
    """torch's draft_export, where it was asked for."""
    if context.task.options.draft and was_exported(context):
        yield from _stage(context, StageKind.DRAFT, ProbeKind.DRAFT, "whole model, draft_export")


def onnx(context: Context) -> Generator[Errand, Answer, None]:
    """The whole model's program as ONNX, where it was asked for and there is one."""
    if not context.task.options.onnx or not was_exported(context):
        return
    name = "whole model, ONNX"
    if not has_program(context):
        context.start_stage(StageKind.ONNX, name)
        reason = "ONNX is made of the whole model's program, and there is none."
        context.end_stage(StageKind.ONNX, StageEnd(StageStatus.SKIPPED, reason))
        return
    work = {"replay_seconds": REPLAY_SECONDS}
    yield from _stage(context, StageKind.ONNX, ProbeKind.ONNX, name, work)


def was_exported(context: Context) -> bool:
    """Whether export was made of the whole model, with a script that runs."""
    facts = context.facts
    return facts.whole is not None and not facts.script_failed and not facts.eager_failed


def has_program(context: Context) -> bool:
    """Whether it passed."""
    return was_exported(context) and context.facts.whole == StageStatus.PASSED


def ending_of(context: Context, answer: Answer) -> StageEnd:
    """How a stage ended that one probe process was for."""
    finished = answer.first(StageFinished)
    if finished is not None:
        return rows.stage_end(context.run_id, finished)
    if answer.trouble is None:
        return StageEnd(StageStatus.SKIPPED, answer.why_not)
    failure = rows.trouble_row(context.run_id, answer.trouble)
    return StageEnd(StageStatus.FAILED, answer.trouble.message, failure=failure)


def _stage(
    context: Context,
    kind: StageKind,
    probe: ProbeKind,
    name: str,
    work: Mapping[str, Any] | None = None,
) -> Generator[Errand, Answer, None]:
    context.start_stage(kind, name)
    answer = yield Errand(probe, context.settings.wall_seconds, dict(work or {}))
    context.end_stage(kind, ending_of(context, answer))
