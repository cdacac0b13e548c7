"""One probe process seen from the worker: its pipes, its events in order, why it ended."""

import time
from collections.abc import Iterator

from app.settings import Settings
from workers.caplog import CappedLog
from workers.diagnose import diagnose, over_memory
from workers.events import Event, ProbeKind
from workers.protocol import LineReader, Order, parse_line
from workers.sandbox.launch import Process, read_some
from workers.sandbox.policy import Limits
from workers.verdict import Trouble

CHUNK_BYTES = 2**18  # read at a time
DRAIN_BYTES = 2 * 2**20  # more than a pipe can hold once its writers are gone


class Child:
    """A probe process with what it said so far."""

    def __init__(
        self, kind: ProbeKind, process: Process, limits: Limits, settings: Settings
    ) -> None:
        self.kind = kind
        self.process = process
        self.log = CappedLog(settings.log_bytes // len(ProbeKind))
        self.ended = False
        self.done_at: float | None = None  # monotonic time of its last word
        self.trouble: Trouble | None = None  # why we killed it, or why it died
        self.dismissed = ""  # why we ended it through no fault of its own
        self._resident_limit = limits.resident_bytes
        self._resident_peak = 0
        self._lines = LineReader(settings.event_bytes, settings.events_bytes)
        self._order = Order(kind)

    @property
    def doomed(self) -> bool:
        """Whether it was killed: what it still says does not count."""
        return self.trouble is not None or bool(self.dismissed)

    def events(self, data: bytes) -> Iterator[Event]:
        """The events that `data` completes; ProtocolError at the first that may not be."""
        for line in self._lines.feed(data):
            event = parse_line(line)
            self._order.accept(event)
            if self._order.done and self.done_at is None:
                self.done_at = time.monotonic()
            yield event
            if self.doomed:  # what came of the event ended it
                return

    def check_memory(self) -> None:
        """Kill it if it holds more than it may."""
        resident = self.process.resident_bytes()
        self._resident_peak = max(self._resident_peak, resident)
        if resident > self._resident_limit:
            self.kill(over_memory(resident, self._resident_limit))

    def kill(self, trouble: Trouble) -> None:
        """End it for something that it did."""
        if not self.doomed and not self.ended:
            self.trouble = trouble
            self.process.kill()

    def dismiss(self, reason: str) -> bool:
        """End it for something that it cannot help; False if it was over, or as good as."""
        if self.doomed or self.ended or self.done_at is not None:
            return False
        self.dismissed = reason
        self.process.kill()
        return True

    def drain_output(self) -> None:
        """Take the rest of its output, after its end."""
        for data in _drain(self.process.output):
            self.log.write(data)

    def drain_events(self) -> Iterator[Event]:
        """Take the rest of its events, after its end."""
        for data in _drain(self.process.events):
            if not self.doomed:
                yield from self.events(data)

    def bury(self) -> None:
        """Kill what is left of it, take its exit status, and know why it ended."""
        if self.ended:
            return
        self.process.kill()
        exit_ = self.process.reap()
        self.process.close()
        self.ended = True
        if not self.doomed and self.done_at is None:
            self.trouble = diagnose(exit_, self._resident_peak, self._resident_limit)


def _drain(fd: int) -> Iterator[bytes]:
    """What a pipe still holds. Capped: a process that got away may be writing to it for ever."""
    taken = 0
    while taken < DRAIN_BYTES and (data := read_some(fd, CHUNK_BYTES)):
        taken += len(data)
        yield data
