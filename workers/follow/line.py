"""Runs the courses one after another, and each of their errands in a sandboxed process."""

import logging
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from app.errors import StagelightError
from app.services.record import LostRunError, save_following
from workers.child import Child
from workers.events import Piece, ProbeKind
from workers.follow.context import Context
from workers.follow.courses import COURSES
from workers.follow.model import Answer, Course, Errand
from workers.intake import Intake
from workers.protocol import PIECES
from workers.sandbox.box import Sandbox
from workers.sandbox.policy import MB, Limits, make_job
from workers.verdict import Trouble
from workers.vocabulary import Event
from workers.watch import Watch
from workers.wish import Wish

OUTPUT_BYTES = 16_000  # of an errand's output, that is kept for its course
LEAST_SECONDS = 1.0  # in which a process can do anything at all

log = logging.getLogger(__name__)


class Line:
    """All that follows one run."""

    def __init__(
        self, context: Context, sandbox: Sandbox, base: Path, wish: Callable[[], Wish]
    ) -> None:
        self._context = context
        self._sandbox = sandbox
        self._base = base
        self._wish = wish
        self._numbers = 0

    def steps(self) -> Iterator[Wish | None]:
        """Follow all courses, one errand a step; yields LOST where the run is another's by now."""
        try:
            for name, course in COURSES.items():
                if (wish := self._stops()) is not None:
                    self._leave_off(wish)
                    return
                with self._context.writing() as session:
                    save_following(session, self._context.run_id, name)
                if (yield from self._follow(name, course)) is not None:
                    return
        except LostRunError:
            yield Wish.LOST

    def _follow(self, name: str, course: Course) -> Generator[None, None, Wish | None]:
        """One course to its end. An error of ours ends the course, not the run."""
        asking = course(self._context)
        try:
            errand = next(asking)
            while True:
                answer = self._send(errand)
                if isinstance(answer, Wish):
                    asking.close()
                    self._leave_off(answer)
                    return answer
                yield
                errand = asking.send(answer)
        except StopIteration:
            return None
        except (LostRunError, SQLAlchemyError):
            raise
        except Exception as error:
            log.exception("run %d: %s ended early", self._context.run_id, name)
            why = error.message if isinstance(error, StagelightError) else repr(error)[:300]
            self._context.note("follow_up_failed", f"What was tried as {name} ended early: {why}")
            return None

    def _send(self, errand: Errand) -> Answer | Wish:
        """Run one errand's process to its end."""
        started = time.monotonic()
        seconds = min(errand.seconds, self._context.left())
        if seconds < LEAST_SECONDS:
            return Answer([], Trouble.no_time(), 0.0)
        folder = self._next_folder()
        room = self._context.settings.program_mb * MB
        intake = Intake(folder / "taken", 2 * room, "STAGELIGHT_PROGRAM_MB")
        events: list[Event] = []

        def hear(_child: Child, event: Event) -> None:
            if isinstance(event, Piece):
                intake.take(event)
            else:
                events.append(event)

        watch = Watch(hear, lambda child: None)
        try:
            child = self._start(errand, folder)
            watch.add(child)
            while not watch.over:
                watch.round()
                if (wish := self._stops()) is not None:
                    return wish
                watch.check(started + seconds, seconds)
        finally:
            watch.close()
        trouble = child.trouble
        if trouble is not None:
            log.info("run %d: %s: %s", self._context.run_id, errand.kind, trouble.message)
        spent = time.monotonic() - started
        self._context.purse.left -= spent
        return Answer(events, trouble, spent, intake.files, child.log.text())

    def _start(self, errand: Errand, folder: Path) -> Child:
        context = self._context
        job = make_job(
            errand.kind,
            errand.entry or context.task.entry,
            errand.options or context.task.options,
            context.settings,
            errand.work,
        )
        files = context.files() if errand.files is None else errand.files
        process = self._sandbox.start(context.task.runtime, job, files, folder / "scratch")
        return Child(errand.kind, process, self._limits(errand.kind), OUTPUT_BYTES)

    def _limits(self, kind: ProbeKind) -> Limits:
        limits = self._sandbox.limits()
        if kind not in PIECES:
            return limits
        room = 3 * self._context.settings.program_mb * MB  # in base64, and what it says beside
        return replace(limits, events_bytes=limits.events_bytes + room)

    def _next_folder(self) -> Path:
        """An empty folder for one errand; the one before it is gone."""
        shutil.rmtree(self._base / f"errand-{self._numbers}", ignore_errors=True)
        self._numbers += 1
        folder = self._base / f"errand-{self._numbers}"
        for part in ("taken", "scratch"):  # the script's user gets the latter
            (folder / part).mkdir(parents=True)
        return folder

    def _stops(self) -> Wish | None:
        """The wish that ends it; cancelling ends what follows, the verdict stays."""
        wish = self._wish()
        return None if wish is Wish.GO_ON else wish

    def _leave_off(self, wish: Wish) -> None:
        """Say that not all was tried. A lost run is another worker's, who tries it anew."""
        if wish is Wish.LOST:
            raise LostRunError(f"run {self._context.run_id}")
        why = "it was cancelled" if wish is Wish.CANCEL else "the worker was stopped"
        self._context.note(
            "follow_ups_left", f"Not all was tried after the verdict: {why}. Run it again."
        )
