"""Keeps the workers of `stagelight serve` and `run` alive, as child processes, until it is told."""

import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.db import brief, make_engine
from app.services.queue import abandon
from app.settings import Settings

LOOK_SECONDS = 0.1  # between looks at the workers
BACKOFF_SECONDS = (0.0, 1.0, 5.0, 30.0)  # before a worker is started anew, by quick deaths in a row
QUICK_SECONDS = 10.0  # a worker that lived longer did not die of its start
HOPELESS_DEATHS = 2  # in a row, after which it is said to be failing
PATIENCE_SECONDS = 2.0  # that workers have to end after SIGTERM

# Isolated from the folder that it is started in, which may have modules of the same names.
WORKER = (sys.executable, "-P", "-m", "workers")

log = logging.getLogger(__name__)


@dataclass
class _Slot:
    """A place for one worker."""

    name: str = ""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    start_at: float = 0.0


class Supervisor:
    """Runs `settings.workers` workers until `stop`. They are started by its one thread, for a
    worker gets SIGTERM when the thread that started it ends, however it ends."""

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str] | None = None,
        log_file: IO[bytes] | None = None,
    ) -> None:
        """`environment` and `log_file`, their stderr, are the workers'; None: as ours are."""
        self._settings = settings
        self._environment = environment
        self._log_file = log_file
        self._engine: Engine = make_engine(settings.url)
        self._slots = [_Slot() for _ in range(settings.workers)]
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="supervisor")

    @property
    def failing(self) -> bool:
        """Whether a worker died of its start, again and again."""
        return any(slot.quick_deaths >= HOPELESS_DEATHS for slot in self._slots)

    def start(self) -> None:
        """Start the workers."""
        self._thread.start()

    def stop(self) -> None:
        """Tell them to end. Safe in a signal handler; `join` waits for it."""
        self._stopping = True

    def join(self) -> None:
        """Wait until all have ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping:
                for slot in self._slots:
                    self._look(slot)
                time.sleep(LOOK_SECONDS)
        finally:
            self._end()
            self._engine.dispose()

    def _look(self, slot: _Slot) -> None:
        now = time.monotonic()
        if slot.process is not None:
            code = slot.process.poll()
            if code is None:
                return
            log.warning("worker %s ended with %d and is started anew", slot.name, code)
            slot.process = None
            self._abandon(slot.name)
            slot.quick_deaths = slot.quick_deaths + 1 if now - slot.started < QUICK_SECONDS else 0
            pause = BACKOFF_SECONDS[min(slot.quick_deaths, len(BACKOFF_SECONDS) - 1)]
            slot.start_at = now + pause
        if now >= slot.start_at:
            self._start(slot)

    def _start(self, slot: _Slot) -> None:
        slot.name = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        slot.started = time.monotonic()
        options = ["--name", slot.name, "--parent", str(os.getpid())]
        # A session of its own: a terminal's Ctrl-C is for serve, which tells its workers.
        slot.process = subprocess.Popen(  # noqa: S603 - our own program
            [*WORKER, *options],
            stdin=subprocess.DEVNULL,
            stderr=self._log_file,
            env=self._environment,
            start_new_session=True,
        )

    def _abandon(self, name: str) -> None:
        """Put a dead worker's run back at once, instead of when its lease is over."""
        try:
            abandon(self._engine, name, self._settings.attempts)
        except SQLAlchemyError as error:
            log.warning("the run of worker %s is left to the reaper: %s", name, brief(error))

    def _end(self) -> None:
        processes = [slot.process for slot in self._slots if slot.process is not None]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for process in processes:
            try:
                process.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                log.warning("worker %d did not end and is killed", process.pid)
                process.kill()
                process.wait()
