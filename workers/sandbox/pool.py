"""The zygotes of a worker, one for each runtime: warm before a run, replaced when worn."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator

from app.errors import ConflictError
from workers.sandbox.launch import Zygote, ZygoteLostError

START_SECONDS = 180.0  # a zygote may take to import torch, on a cold disk
WAIT_SECONDS = 0.05  # between looks at a zygote that warms up

log = logging.getLogger(__name__)


class Zygotes:
    """Zygotes by the name of their runtime."""

    def __init__(
        self, start: Callable[[str], Zygote], *, most_jobs: int, most_growth_bytes: int
    ) -> None:
        self._start = start
        self._most_jobs = most_jobs
        self._most_growth_bytes = most_growth_bytes
        self._by_runtime: dict[str, Zygote] = {}

    def __iter__(self) -> Iterator[Zygote]:
        """All that were started, warm or not."""
        return iter(self._by_runtime.values())

    def warm_up(self, names: list[str], go_on: Callable[[], bool]) -> None:
        """Start those of these runtimes, side by side, and wait while `go_on()`.

        One that cannot be started is no error yet: the run that wants it is told.
        """
        for name in names:
            self._restart(name)
        self._wait(go_on)

    def tidy(self, go_on: Callable[[], bool]) -> None:
        """Between runs: replace those that are worn or gone, and wait for the new ones."""
        for name, zygote in list(self._by_runtime.items()):
            if self._is_worn(zygote):
                log.info("runtime %s starts afresh after %d job(s)", name, zygote.jobs)
                self._restart(name)
        self._wait(go_on)

    def ready(self, name: str) -> Zygote:
        """A warm one, started if there is none.

        Raises:
            ZygoteLostError: it does not come to be; the text says why.
            RuntimeMissingError: the runtime's Python cannot be started.
        """
        zygote = self._by_runtime.get(name)
        if zygote is None or not zygote.alive:
            self.drop(name)
            zygote = self._by_runtime[name] = self._start(name)
        deadline = time.monotonic() + START_SECONDS
        try:
            while not zygote.poll_ready(WAIT_SECONDS):
                if time.monotonic() > deadline:
                    raise ZygoteLostError(f"it was not warm after {START_SECONDS:g} s")
        except ZygoteLostError:
            self.drop(name)
            raise
        return zygote

    def drop(self, name: str) -> None:
        """End one, with all its children."""
        zygote = self._by_runtime.pop(name, None)
        if zygote is not None:
            zygote.close()

    def close(self) -> None:
        """End all."""
        for name in list(self._by_runtime):
            self.drop(name)

    def _is_worn(self, zygote: Zygote) -> bool:
        growth = zygote.resident_bytes - zygote.warm_bytes
        worn = zygote.jobs >= self._most_jobs or growth > self._most_growth_bytes
        return worn or not zygote.alive

    def _restart(self, name: str) -> None:
        self.drop(name)
        with contextlib.suppress(ConflictError):
            self._by_runtime[name] = self._start(name)

    def _wait(self, go_on: Callable[[], bool]) -> None:
        """Until all are warm. One that will never be is forgotten until a run wants it."""
        for name, zygote in list(self._by_runtime.items()):
            if zygote.ready:
                continue
            try:
                while go_on() and not zygote.poll_ready(WAIT_SECONDS):
                    continue
            except ZygoteLostError as error:
                log.warning("runtime %s does not start: %s", name, error)
                self.drop(name)
            if zygote.ready:
                beside = ", ".join(zygote.preloaded) or "nothing"
                log.info(
                    "runtime %s is warm after %.1f s; preloaded: %s", name, zygote.seconds, beside
                )
