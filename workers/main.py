"""The worker: takes runs from the queue, drives each, finishes it. Ends on SIGTERM and SIGINT."""

import argparse
import contextlib
import logging
import os
import secrets
import socket
import threading
import time
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.db import brief, make_engine
from app.models import Worker as WorkerRow
from app.services import queue, workers
from app.services.housekeeping import keep_house
from app.settings import Settings
from workers import parent
from workers.hand import Hand
from workers.sandbox.box import Sandbox
from workers.sandbox.policy import PROBE
from workers.scratch import sweep
from workers.stop import Stop

REAP_SECONDS = 2.0  # between looks for runs whose worker is gone
SWEEP_SECONDS = 60.0  # between looks for folders that one left behind
HOUSE_SECONDS = 600.0  # between looks for what nobody needs any more
TROUBLE_SECONDS = 1.0  # to wait when the database did not answer
MOST_OPEN = 32  # runs whose verdict is known and that are followed up

log = logging.getLogger(__name__)


class Worker:
    """One worker: one process or pair at a time, of the runtimes that its settings name.

    Verdicts come first: what follows one waits, from errand to errand, while runs are queued.
    """

    def __init__(self, settings: Settings, name: str, stop: Stop, probe: Path = PROBE) -> None:
        self._settings = settings
        self._name = name
        self._stop = stop
        self._sandbox = Sandbox(settings, probe)
        self._engine: Engine = make_engine(settings.url)
        self._hands: deque[Hand] = deque()  # runs with a verdict that are followed up

    def run(self) -> None:
        """Work until told to stop. The run in hand then goes back to the queue, or ends with the
        verdict that it has.
        """
        reaper = threading.Thread(target=self._reap, name="reaper", daemon=True)
        with self._sandbox as sandbox:
            self._row = self._describe(sandbox)
            reaper.start()
            sandbox.warm_up(self._goes_on)
            self._row = self._describe(sandbox)
            self._announce(sandbox)
            while self._goes_on():
                if not self._take_one(sandbox) and not self._follow_one():
                    self._stop.wait(self._settings.poll_seconds)
                sandbox.tidy(self._goes_on)
            while self._hands:  # each is told to stop, and ends with its verdict
                self._follow_one()
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

    def _take_one(self, sandbox: Sandbox) -> bool:
        """Claim a run and drive it to its verdict; False where none waits, or too many are open."""
        settings = self._settings
        if len(self._hands) >= MOST_OPEN:
            return False
        try:
            runtimes = tuple(settings.pythons)
            claim = queue.claim(self._engine, self._name, runtimes, settings.lease_seconds)
        except SQLAlchemyError as error:
            log.warning("the queue cannot be read: %s", brief(error))
            self._stop.wait(TROUBLE_SECONDS)
            return False
        if claim is None:
            return False
        hand = Hand(self._engine, claim, settings, self._stop)
        if self._advance(hand, lambda: hand.begin(sandbox)):
            self._hands.append(hand)
        return True

    def _follow_one(self) -> bool:
        """One thing more for the run that has waited longest; False where there is none."""
        if not self._hands:
            return False
        hand = self._hands[0]
        if not self._advance(hand, hand.go_on):
            self._hands.popleft()
        return True

    def _advance(self, hand: Hand, act: Callable[[], bool]) -> bool:
        """Do it; returns whether there is more to do. Otherwise the run is let go."""
        more = False
        try:
            more = act()
        except SQLAlchemyError:
            # Nobody renews its lease now, so the reaper puts it back.
            log.exception("run %d is left to the reaper", hand.claim.run_id)
            self._stop.wait(TROUBLE_SECONDS)
        finally:
            if not more:
                hand.close()
        return more

    def _reap(self) -> None:
        sweep_at, house_at = 0.0, 0.0
        house: Iterator[str] = iter(())
        while not self._stop.is_set():
            if time.monotonic() >= sweep_at:
                sweep_at = time.monotonic() + SWEEP_SECONDS
                if count := sum(map(sweep, {None, self._settings.scratch})):
                    log.info("removed what killed workers left behind: %d folder(s)", count)
            try:
                if time.monotonic() >= house_at:
                    house_at = time.monotonic() + HOUSE_SECONDS
                    house = keep_house(self._engine, self._settings)
                tidy(house)
                if not workers.seen(self._engine, self._name):
                    workers.register(self._engine, self._row)
                if count := queue.reap(self._engine, self._settings.attempts):
                    log.warning("took %d run(s) from workers that were lost", count)
            except SQLAlchemyError as error:
                log.warning("the reaper could not read the queue: %s", brief(error))
            self._stop.wait(REAP_SECONDS)


def tidy(house: Iterator[str]) -> None:
    """One piece of the housekeeping: lost runs must not wait for all of it."""
    try:
        for done in islice(house, 1):
            log.info(done)
    except (OSError, zipfile.BadZipFile):  # of a store that was changed from outside
        log.exception("the housekeeping was broken off, and is tried again")


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
