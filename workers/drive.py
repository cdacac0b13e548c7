"""Drives one run to its verdict: starts its two probe processes, follows them, and ends them."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from app.errors import StagelightError
from app.models import Category, RunStatus
from app.services.queue import Claim
from app.services.record import LostRunError, fenced, save_following, save_sandbox
from app.settings import Settings
from workers import caplog
from workers.child import Child
from workers.events import PAIR, ProbeKind
from workers.follow.context import Context
from workers.follow.courses import COURSES
from workers.follow.model import Purse
from workers.ingest import Ingest
from workers.sandbox.box import Sandbox
from workers.sandbox.pipes import open_pipe
from workers.sandbox.policy import make_job
from workers.task import Task, load_task
from workers.verdict import Trouble, ending, judge
from workers.vocabulary import Event
from workers.watch import TICK_SECONDS, Watch
from workers.wish import Wish

LOG_SECONDS = 1.0  # between writes of the log


@dataclass(frozen=True)
class Ended:
    """How the run is to be finished."""

    status: RunStatus
    reason: str = ""


@dataclass(frozen=True)
class Following:
    """The verdict is known, and more is to be tried before the run ends."""

    context: Context
    end: Ended


def drive(
    engine: Engine,
    claim: Claim,
    settings: Settings,
    wish: Callable[[], Wish],
    base: Path,
    sandbox: Sandbox,
) -> Ended | Following | Wish:
    """Run a claimed run to its verdict. `base` is an empty folder of its own.

    Wish.STOP and Wish.LOST: it was left where it was.
    """
    started = time.monotonic()
    try:
        with fenced(engine, claim) as session:
            save_sandbox(session, claim.run_id, sandbox.tier)
        task = load_task(engine, claim, settings)
        return Drive(engine, claim, settings, wish, started).run(task, sandbox, base)
    except StagelightError as error:
        return Ended(RunStatus.FAILED, f"{error.message} {error.hint}".strip())
    except LostRunError:
        return Wish.LOST


class Drive:
    """A run's two children, from their start to the verdict."""

    def __init__(
        self,
        engine: Engine,
        claim: Claim,
        settings: Settings,
        wish: Callable[[], Wish],
        started: float,
    ) -> None:
        self._engine = engine
        self._claim = claim
        self._settings = settings
        self._wish = wish
        self._ingest = Ingest(engine, claim, settings.artefact_bytes)
        self._watch = Watch(self._hear, self._end)
        self._children: dict[ProbeKind, Child] = {}
        self._started = started
        self._cancelled = False
        self._log_at = 0.0

    def run(self, task: Task, sandbox: Sandbox, base: Path) -> Ended | Following | Wish:
        """Start both children and follow them to their end."""
        files = task.files(self._settings)
        try:
            with _handover() as ends:
                for kind in PAIR:
                    job = make_job(kind, task.entry, task.options, self._settings)
                    process = sandbox.start(task.runtime, job, files, base, ends[kind])
                    log_bytes = self._settings.log_bytes // len(PAIR)
                    child = Child(kind, process, sandbox.limits(), log_bytes)
                    self._children[kind] = child
                    self._watch.add(child)
            left = self._loop()
        except StagelightError as error:  # nothing can be run here
            self._ingest.refuse(Trouble(Category.INTERNAL, error.message, error.hint))
            raise
        finally:
            self._watch.close()
        if left is not None:
            return left
        self._save_log()
        if self._cancelled:
            return Ended(RunStatus.CANCELLED)
        end = Ended(*ending(self._ingest.facts, self._ingest.troubles))
        if not self._settings.follow_ups or judge(self._ingest.facts) is None:
            return end
        return Following(self._context(task), end)

    def _context(self, task: Task) -> Context:
        """For what follows. The row says so at once: from now on the verdict is not lost."""
        with fenced(self._engine, self._claim) as session:
            save_following(session, self._claim.run_id, next(iter(COURSES)))
        seconds = time.monotonic() - self._started
        purse = Purse(self._settings.follow_seconds)
        return Context(
            self._engine, self._claim, self._settings, task, self._ingest, seconds, purse
        )

    def _loop(self) -> Wish | None:
        """Until both children ended; returns the wish that stopped it before, if one did."""
        wall = self._settings.wall_seconds
        check_at = 0.0
        while not self._watch.over:
            self._watch.round()
            if time.monotonic() >= check_at:
                wish = self._wish()
                if wish in (Wish.STOP, Wish.LOST):
                    return wish
                if wish is Wish.CANCEL:
                    self._cancel()
                self._watch.check(self._started + wall, wall)
                if self._watch.output_changed and time.monotonic() > self._log_at + LOG_SECONDS:
                    self._save_log()
                check_at = time.monotonic() + TICK_SECONDS
            self._settle()
        return None

    def _hear(self, child: Child, event: Event) -> None:
        self._ingest.take(child.kind, event)
        self._settle()

    def _end(self, child: Child) -> None:
        self._ingest.end(child.kind, child.trouble, child.dismissed)

    def _cancel(self) -> None:
        for child in self._children.values():
            self._watch.hear_out(child)
            if child.dismiss("The run was cancelled."):
                self._cancelled = True

    def _settle(self) -> None:
        """End a child that what the other met makes pointless."""
        facts = self._ingest.facts
        if facts.script_failed:
            for child in self._children.values():
                child.dismiss("The script itself failed.")
        elif facts.eager_failed and facts.whole is not None:  # what plain export says is known
            self._children[ProbeKind.WHOLE].dismiss("The model fails in eager.")
        elif facts.staged_ended and facts.whole is None and self._ingest.troubles:
            lost = self._ingest.troubles[0].message
            self._children[ProbeKind.WHOLE].dismiss(f"The run's other process was lost. {lost}")

    def _save_log(self) -> None:
        if not self._watch.output_changed:
            return
        logs = {kind: child.log for kind, child in self._children.items()}
        self._ingest.save_log(*caplog.join(logs))
        self._watch.output_changed = False
        self._log_at = time.monotonic()


@contextmanager
def _handover() -> Iterator[dict[ProbeKind, int]]:
    """A pipe from the staged child to the whole one, open here until both have their ends."""
    with ExitStack() as undo:
        reader, writer = open_pipe(undo)
        os.set_blocking(reader, True)
        yield {ProbeKind.STAGED: writer, ProbeKind.WHOLE: reader}
