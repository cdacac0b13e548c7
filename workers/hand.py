"""One claimed run in a worker's hands: its lease is renewed and its folder kept until it ends."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.models import RunStatus
from app.services import queue
from app.services.queue import Claim
from app.settings import Settings
from workers.drive import Ended, Following, drive
from workers.follow.line import Line
from workers.heart import Heart
from workers.sandbox.box import Sandbox
from workers.scratch import scratch
from workers.stop import Stop
from workers.stopwatch import Stopwatch
from workers.wish import Wish

log = logging.getLogger(__name__)


class Hand:
    """A run from its claim to its end. `begin` comes first; `go_on` while there is more to do."""

    def __init__(self, engine: Engine, claim: Claim, settings: Settings, stop: Stop) -> None:
        self.claim = claim
        self._engine = engine
        self._settings = settings
        self._stop = stop
        self._started = time.monotonic()
        self._watch = Stopwatch()
        self._steps: Iterator[Wish | None] = iter(())
        self._end: Ended | Wish = Wish.LOST
        with ExitStack() as undo:
            self._base = undo.enter_context(scratch(settings.scratch))
            heart = Heart(engine, claim, settings.lease_seconds, self._watch)
            self._heart = undo.enter_context(heart)
            self._undo = undo.pop_all()

    def begin(self, sandbox: Sandbox) -> bool:
        """Drive it to its verdict; returns whether more is to be tried after it.

        Raises:
            SQLAlchemyError: the database did not answer; the run is left to the reaper.
        """
        with self._watch.going():
            return self._begin(sandbox)

    def go_on(self) -> bool:
        """Try one thing more; returns whether there is more. Raises as `begin` does."""
        with self._watch.going():
            for lost in self._steps:
                if lost is None:
                    return True
                self._end = lost
            self._finish(self._end)
            return False

    def close(self) -> None:
        """Let go of its lease and its folder."""
        self._undo.close()

    def _begin(self, sandbox: Sandbox) -> bool:
        log.info("run %d: attempt %d begins", self.claim.run_id, self.claim.attempt)
        result = self._drive(sandbox)
        if not isinstance(result, Following):
            self._finish(result)
            return False
        word = "its verdict is known"
        log.info("run %d: %s after %.2f s", self.claim.run_id, word, self._seconds())
        self._end = result.end
        self._steps = Line(result.context, sandbox, self._base, self._wish).steps()
        return True

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _wish(self) -> Wish:
        if self._heart.lost:
            return Wish.LOST
        if self._stop.is_set():
            return Wish.STOP
        return Wish.CANCEL if self._heart.cancelled else Wish.GO_ON

    def _drive(self, sandbox: Sandbox) -> Ended | Following | Wish:
        args = self._engine, self.claim, self._settings, self._wish, self._base, sandbox
        try:
            return drive(*args)
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.exception("run %d: the worker itself failed", self.claim.run_id)
            return Ended(RunStatus.FAILED, f"The worker itself failed: {error!r:.500}")

    def _finish(self, result: Ended | Wish) -> None:
        """Write the end of the run, and log it in a word."""
        if isinstance(result, Ended):
            status, reason = result.status, result.reason
            kept = queue.finish(
                self._engine, self.claim, status=status, reason=reason, worked=self._watch.take()
            )
            word = f"{status.value} {reason}".strip()
        else:
            kept = result is Wish.STOP and queue.hand_back(
                self._engine, self.claim, self._watch.take()
            )
            word = "handed back to the queue"
        said = word if kept else "lost to another worker, nothing more written"
        log.info("run %d: %s after %.2f s", self.claim.run_id, said, self._seconds())
