"""The worker: takes runs from the queue, drives each, finishes it. Ends on SIGTERM and SIGINT."""

import argparse
import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.db import brief, make_engine
from app.models import RunStatus
from app.models import Worker as WorkerRow
from app.services import queue, workers
from app.services.programs import FRESH_SECONDS, program_store, sweep_programs
from app.services.queue import Claim
from app.settings import Settings
from workers import parent
from workers.drive import Ended, drive
from workers.heart import Heart
from workers.sandbox.box import Sandbox
from workers.sandbox.policy import PROBE
from workers.scratch import scratch, sweep
from workers.stop import Stop
from workers.wish import Wish

REAP_SECONDS = 2.0  # between looks for runs whose worker is gone
SWEEP_SECONDS = 60.0  # between looks for folders that one left behind
TROUBLE_SECONDS = 1.0  # to wait when the database did not answer

log = logging.getLogger(__name__)


class Worker:
    """One worker: one run at a time, of the runtimes that its settings name."""

    def __init__(self, settings: Settings, name: str, stop: Stop, probe: Path = PROBE) -> None:
        self._settings = settings
        self._name = name
        self._stop = stop
        self._sandbox = Sandbox(settings, probe)
        self._engine: Engine = make_engine(settings.url)

    def run(self) -> None:
        """Work until told to stop. The run in hand then goes back to the queue."""
        reaper = threading.Thread(target=self._reap, name="reaper", daemon=True)
        with self._sandbox as sandbox:
            self._row = self._describe(sandbox)
            reaper.start()
            sandbox.warm_up(self._goes_on)
            self._row = self._describe(sandbox)
            self._announce(sandbox)
            while self._goes_on():
                self._take_one()
                sandbox.tidy(self._goes_on)
        reaper.join()
        with contextlib.suppress(SQLAlchemyError):  # then it is forgotten when it is not seen
            workers.sign_off(self._engine, self._name)
        self._engine.dispose()
        log.info("%s ended", self._name)

    def _goes_on(self) -> bool:
        return not self._stop.is_set()

    def _describe(self, sandbox: Sandbox) -> WorkerRow:
        return WorkerRow(
            name=self._name,
            host=socket.gethostname(),
            pid=os.getpid(),
            runtimes=list(self._settings.pythons),
            tier=sandbox.tier,
            reason=sandbox.plan.reason,
            layers=sandbox.layers(),
        )

    def _announce(self, sandbox: Sandbox) -> None:
        """Say what was found out, in the log and to the settings page."""
        with contextlib.suppress(SQLAlchemyError):  # the reaper does it once the database is back
            workers.register(self._engine, self._row)
        if sandbox.tier:
            log.info("%s is ready for %s", self._name, ", ".join(self._settings.pythons))
            log.info("sandbox: %s %s", sandbox.tier, sandbox.plan.reason)
        else:
            log.error("every run will fail. %s", sandbox.plan.reason)

    def _take_one(self) -> None:
        settings = self._settings
        try:
            claim = queue.claim(
                self._engine, self._name, tuple(settings.pythons), settings.lease_seconds
            )
        except SQLAlchemyError as error:
            log.warning("the queue cannot be read: %s", brief(error))
            self._stop.wait(TROUBLE_SECONDS)
            return
        if claim is None:
            self._stop.wait(settings.poll_seconds)
            return
        try:
            self._work(claim)
        except SQLAlchemyError:
            # Nobody renews its lease now, so the reaper puts it back.
            log.exception("run %d is left to the reaper", claim.run_id)
            self._stop.wait(TROUBLE_SECONDS)

    def _work(self, claim: Claim) -> None:
        started = time.monotonic()
        log.info("run %d: attempt %d begins", claim.run_id, claim.attempt)
        lease = self._settings.lease_seconds
        with scratch(self._settings.scratch) as base, Heart(self._engine, claim, lease) as heart:
            result = self._drive(claim, heart, base)
            word = self._finish(claim, result)
        log.info("run %d: %s after %.2f s", claim.run_id, word, time.monotonic() - started)

    def _drive(self, claim: Claim, heart: Heart, base: Path) -> Ended | Wish:
        def wish() -> Wish:
            if heart.lost:
                return Wish.LOST
            if self._stop.is_set():
                return Wish.STOP
            return Wish.CANCEL if heart.cancelled else Wish.GO_ON

        try:
            return drive(self._engine, claim, self._settings, wish, base, self._sandbox)
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.exception("run %d: the worker itself failed", claim.run_id)
            return Ended(RunStatus.FAILED, f"The worker itself failed: {error!r:.500}")

    def _finish(self, claim: Claim, result: Ended | Wish) -> str:
        """Write the end of a run; returns it in a word, for the log."""
        if isinstance(result, Ended):
            kept = queue.finish(self._engine, claim, status=result.status, reason=result.reason)
            word = f"{result.status.value} {result.reason}".strip()
        else:
            kept = result is Wish.STOP and queue.hand_back(self._engine, claim)
            word = "handed back to the queue"
        return word if kept else "lost to another worker, nothing more written"

    def _reap(self) -> None:
        sweep_at, programs_at = 0.0, 0.0
        while not self._stop.is_set():
            if time.monotonic() >= sweep_at:
                sweep_at = time.monotonic() + SWEEP_SECONDS
                if count := sum(map(sweep, {None, self._settings.scratch})):
                    log.info("removed what killed workers left behind: %d folder(s)", count)
            try:
                if time.monotonic() >= programs_at:
                    programs_at = time.monotonic() + FRESH_SECONDS
                    if count := sweep_programs(self._engine, program_store(self._settings)):
                        log.info("removed programs that no run names: %d file(s)", count)
                if not workers.seen(self._engine, self._name):
                    workers.register(self._engine, self._row)
                if count := queue.reap(self._engine, self._settings.attempts):
                    log.warning("took %d run(s) from workers that were lost", count)
            except SQLAlchemyError as error:
                log.warning("the reaper could not read the queue: %s", brief(error))
            self._stop.wait(REAP_SECONDS)


def main() -> None:
    """Run a worker in this process."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--name", default=f"{socket.gethostname()}-{secrets.token_hex(4)}")
    parser.add_argument("--parent", type=int, help="end when this process, the starter, ends")
    arguments = parser.parse_args()
    stop = Stop()
    stop.on_signals()
    if arguments.parent is not None and not parent.die_with(arguments.parent):
        return
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s worker %(process)d: %(message)s"
    )
    os.umask(0o077)
    Worker(Settings(), arguments.name, stop).run()
