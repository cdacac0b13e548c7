"""The course `serialized`: the program is saved, and loaded where its script has never run."""

from collections.abc import Generator
from dataclasses import replace

from app.models import StageKind, StageStatus
from app.services.programs import program_store
from app.services.record import StageEnd
from workers import rows
from workers.answers.saved import Saved
from workers.events import ProbeKind
from workers.follow.context import Context
from workers.follow.model import Answer, Errand
from workers.follow.stages import ending_of, has_program
from workers.sandbox.policy import MB

KIND = StageKind.SERIALIZED
NAME = "whole model, saved and loaded"
FILES = ("program.pt2", "cases.pt")  # as workers/probe/saver.py names them


def serialized(context: Context) -> Generator[Errand, Answer, None]:
    """Save, load in a process without the upload, compare; keep the file whatever came of it."""
    if not has_program(context):
        return
    context.start_stage(KIND, NAME)
    seconds, room = context.settings.wall_seconds, context.settings.program_mb * MB
    answer = yield Errand(ProbeKind.SAVER, seconds, {"bytes": room})
    if (end := _not_saved(context, answer)) is not None:
        context.end_stage(KIND, end)
        return
    files = [(name, answer.files[name].read_bytes()) for name in FILES]
    answer = yield Errand(ProbeKind.LOADER, seconds, files=files)
    program = files[0][1]
    sha256 = program_store(context.settings).put(program)
    end = ending_of(context, answer)
    context.end_stage(KIND, replace(end, file_sha256=sha256, file_bytes=len(program)))


def _not_saved(context: Context, answer: Answer) -> StageEnd | None:
    """How the stage ends where there is no file; None: there is one."""
    saved = answer.first(Saved)
    if saved is None or answer.trouble is not None:
        return ending_of(context, answer)
    if saved.failure is not None:
        failure = rows.failure_row(context.run_id, saved.failure)
        return StageEnd(StageStatus.FAILED, failure=failure)
    if set(FILES) <= answer.files.keys():
        return None
    reason = (
        f"The program has {saved.bytes:,} bytes, and a little more is needed to compare it. "
        f"STAGELIGHT_PROGRAM_MB allows {context.settings.program_mb:,} MB."
    )
    return StageEnd(StageStatus.SKIPPED, reason)
