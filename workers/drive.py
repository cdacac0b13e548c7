"""Drives one run: starts its two probe processes, follows them, and ends them, come what may."""

import os
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from app.errors import StagelightError
from app.models import Category, RunStatus
from app.services.queue import Claim
from app.services.record import LostRunError, fenced, save_sandbox
from app.settings import Settings
from workers import caplog
from workers.child import CHUNK_BYTES, Child
from workers.diagnose import against_protocol, over_output, over_time
from workers.events import ProbeKind
from workers.ingest import Ingest
from workers.protocol import OverLimitError, ProtocolError
from workers.sandbox.box import Sandbox
from workers.sandbox.pipes import open_pipe, read_some
from workers.sandbox.policy import make_job
from workers.task import Task, load_task
from workers.verdict import Trouble, ending

TICK_SECONDS = 0.05  # between looks at memory, time and what others want
LOG_SECONDS = 1.0  # between writes of the log
GRACE_SECONDS = 2.0  # a process may take to exit after its last word


class Wish(Enum):
    """What others want of a run while it is driven."""

    GO_ON = "go on"
    CANCEL = "cancel"  # somebody asked for it
    STOP = "stop"  # this worker is to end: the run is handed back
    LOST = "lost"  # the run is another worker's: nothing more may be written


@dataclass(frozen=True)
class Ended:
    """How the run is to be finished."""

    status: RunStatus
    reason: str = ""


def drive(
    engine: Engine,
    claim: Claim,
    settings: Settings,
    wish: Callable[[], Wish],
    base: Path,
    sandbox: Sandbox,
) -> Ended | Wish:
    """Run a claimed run to its end. `base` is an empty folder of its own.

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
    """The loop over both children's pipes. One thread; nothing in it waits on a child."""

    def __init__(
        self,
        engine: Engine,
        claim: Claim,
        settings: Settings,
        wish: Callable[[], Wish],
        started: float,
    ) -> None:
        self._settings = settings
        self._wish = wish
        self._ingest = Ingest(engine, claim, settings.artefact_bytes)
        self._selector = selectors.DefaultSelector()
        self._children: dict[ProbeKind, Child] = {}
        self._deadline = started + settings.wall_seconds
        self._cancelled = False
        self._log_changed = False
        self._log_at = 0.0

    def run(self, task: Task, sandbox: Sandbox, base: Path) -> Ended | Wish:
        """Start both children and follow them to their end."""
        files = task.files(self._settings)
        try:
            with _handover() as ends:
                for kind in ProbeKind:
                    job = make_job(kind, task.entry, task.options, self._settings)
                    process = sandbox.start(task.runtime, job, files, base, ends[kind])
                    log_bytes = self._settings.log_bytes // len(ProbeKind)
                    self._follow(Child(kind, process, sandbox.limits(), log_bytes))
            left = self._loop()
        except StagelightError as error:  # nothing can be run here
            self._ingest.refuse(Trouble(Category.INTERNAL, error.message, error.hint))
            raise
        finally:
            for child in self._children.values():
                child.bury()
            self._selector.close()
        if left is not None:
            return left
        self._save_log()
        if self._cancelled:
            return Ended(RunStatus.CANCELLED)
        return Ended(*ending(self._ingest.facts, self._ingest.troubles))

    def _follow(self, child: Child) -> None:
        self._children[child.kind] = child
        for fd, react in (
            (child.process.events, self._read_events),
            (child.process.output, self._read_output),
            (child.process.pidfd, self._exit),
        ):
            self._selector.register(fd, selectors.EVENT_READ, partial(react, child, fd))

    def _loop(self) -> Wish | None:
        """Until both children ended; returns the wish that stopped it before, if one did."""
        check_at = 0.0
        while not all(child.ended for child in self._children.values()):
            for key, _ in self._selector.select(TICK_SECONDS):
                key.data()
            if time.monotonic() >= check_at:
                wish = self._wish()
                if wish in (Wish.STOP, Wish.LOST):
                    return wish
                self._check(wish)
                check_at = time.monotonic() + TICK_SECONDS
            self._settle()
        return None

    def _read_events(self, child: Child, fd: int) -> bool:
        """Take a piece of what a child said; returns whether there may be more."""
        if child.ended:  # earlier in the same round
            return False
        data = read_some(fd, CHUNK_BYTES)
        if data == b"" and fd in self._selector.get_map():
            self._selector.unregister(fd)
        if not data or child.doomed:
            return False
        try:
            for event in child.events(data):
                self._ingest.take(child.kind, event)
                self._settle()
        except ProtocolError as error:
            child.kill(_breach(error))
        return not child.doomed

    def _hear_out(self, child: Child) -> None:
        """Take all that a child has said by now: it counts before what is about to end it."""
        while self._read_events(child, child.process.events):
            pass

    def _read_output(self, child: Child, fd: int) -> None:
        if child.ended:
            return
        data = read_some(fd, CHUNK_BYTES)
        if data == b"":
            self._selector.unregister(fd)
        if data:
            child.take_output(data)
            self._log_changed = True

    def _exit(self, child: Child, _fd: int) -> None:
        try:
            for event in child.drain_events():
                self._ingest.take(child.kind, event)
        except ProtocolError as error:
            child.kill(_breach(error))
        child.drain_output()
        self._log_changed = True
        for other in self._children.values():
            if other is not child:
                self._hear_out(other)
        self._unregister(child)
        child.bury()
        self._ingest.end(child.kind, child.trouble, child.dismissed)

    def _unregister(self, child: Child) -> None:
        process = child.process
        registered = self._selector.get_map()
        for fd in (process.events, process.output, process.pidfd):
            if fd in registered:
                self._selector.unregister(fd)

    def _check(self, wish: Wish) -> None:
        """Everything that no file descriptor tells."""
        now = time.monotonic()
        living = [child for child in self._children.values() if not child.ended]
        for child in living:
            if wish is Wish.CANCEL and child.dismiss("The run was cancelled."):
                self._cancelled = True
            if child.done_at is not None:
                if now > child.done_at + GRACE_SECONDS:
                    child.process.kill()
                continue
            child.check_memory()
            if now > self._deadline:
                self._hear_out(child)
                if child.done_at is None:
                    child.kill(over_time(self._settings.wall_seconds))
        if self._log_changed and now > self._log_at + LOG_SECONDS:
            self._save_log()

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
        if not self._log_changed:
            return
        logs = {kind: child.log for kind, child in self._children.items()}
        self._ingest.save_log(*caplog.join(logs))
        self._log_changed = False
        self._log_at = time.monotonic()


@contextmanager
def _handover() -> Iterator[dict[ProbeKind, int]]:
    """A pipe from the staged child to the whole one, open here until both have their ends."""
    with ExitStack() as undo:
        reader, writer = open_pipe(undo)
        os.set_blocking(reader, True)
        yield {ProbeKind.STAGED: writer, ProbeKind.WHOLE: reader}


def _breach(error: ProtocolError) -> Trouble:
    """What a child is ended for."""
    if isinstance(error, OverLimitError):
        return over_output(str(error), error.setting)
    return against_protocol(str(error))
