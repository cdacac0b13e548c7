"""One probe process seen from the worker: its pipes, its events in order, why it ended."""

import time
from collections.abc import Iterator

from workers.caplog import CappedLog
from workers.diagnose import diagnose, over_memory, over_output
from workers.events import ProbeKind, StageFinished
from workers.protocol import LineReader, Order, OverLimitError, parse_line
from workers.sandbox.launch import Process
from workers.sandbox.pipes import read_some
from workers.sandbox.policy import Limits
from workers.verdict import Trouble
from workers.vocabulary import Event

CHUNK_BYTES = 2**18  # read at a time
DRAIN_BYTES = 2 * 2**20  # more than a pipe can hold once its writers are gone


class Child:
    """A probe process with what it said so far."""

    def __init__(self, kind: ProbeKind, process: Process, limits: Limits, log_bytes: int) -> None:
        self.kind = kind
        self.process = process
        self.log = CappedLog(log_bytes)
        self.ended = False
        self.done_at: float | None = None  # monotonic time of its last word
        self.trouble: Trouble | None = None  # why we killed it, or why it died
        self.dismissed = ""  # why we ended it through no fault of its own
        self._limits = limits
        self._resident_peak = 0
        self._output = 0  # bytes it wrote
        self._lines = LineReader(limits.event_bytes, limits.events_bytes)
        self._order = Order(kind)

    @property
    def doomed(self) -> bool:
        """Whether it was killed: what it still says does not count."""
        return self.trouble is not None or bool(self.dismissed)

    def events(self, data: bytes) -> Iterator[Event]:
        """The events that `data` completes; ProtocolError at the first that may not be."""
        for line in self._lines.feed(data):
            event = parse_line(line)
            self._check_graph(event)
            self._order.accept(event)
            if self._order.done and self.done_at is None:
                self.done_at = time.monotonic()
            yield event
            if self.doomed:  # what came of the event ended it
                return

    def take_output(self, data: bytes) -> None:
        """Log what it wrote; kill it once that is more than it may."""
        self.log.write(data)
        self._output += len(data)
        limit = self._limits.output_bytes
        if self._output > limit:
            what = f"wrote more than {limit:,} bytes of output"
            self.kill(over_output(what, "STAGELIGHT_OUTPUT_BYTES"))

    def check_memory(self) -> None:
        """Kill it if it holds more than it may."""
        resident = self.process.resident_bytes()
        self._resident_peak = max(self._resident_peak, resident)
        if resident > self._limits.resident_bytes:
            self.kill(over_memory(resident, self._limits.resident_bytes))

    def _check_graph(self, event: Event) -> None:
        limit = self._limits.graph_nodes
        if isinstance(event, StageFinished) and event.graph and event.graph.all_nodes() > limit:
            what = f"sent a graph of more than {limit:,} nodes"
            raise OverLimitError(what, "STAGELIGHT_GRAPH_NODES")

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
            self.take_output(data)

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
            limits = self._limits
            self.trouble = diagnose(
                exit_, self._resident_peak, limits.resident_bytes, limits.cpu_seconds
            )


def _drain(fd: int) -> Iterator[bytes]:
    """What a pipe still holds. Capped: a process that got away may be writing to it for ever."""
    taken = 0
    while taken < DRAIN_BYTES and (data := read_some(fd, CHUNK_BYTES)):
        taken += len(data)
        yield data
