"""Follows probe processes through their pipes until they end."""

import selectors
import time
from collections.abc import Callable
from functools import partial

from workers.child import CHUNK_BYTES, Child
from workers.diagnose import against_protocol, over_output, over_time
from workers.protocol import OverLimitError, ProtocolError
from workers.sandbox.pipes import read_some
from workers.verdict import Trouble
from workers.vocabulary import Event

TICK_SECONDS = 0.05  # between looks at memory and time
GRACE_SECONDS = 2.0  # a process may take to exit after its last word


class Watch:
    """The loop over all children's pipes. One thread; nothing in it waits on a child.

    Args:
        hear: takes an event; OverLimitError says that it is too much.
        end: is told of a child once it is buried.
    """

    def __init__(self, hear: Callable[[Child, Event], None], end: Callable[[Child], None]) -> None:
        self.output_changed = False
        self._hear = hear
        self._end = end
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()

    @property
    def over(self) -> bool:
        """Whether all have ended."""
        return all(child.ended for child in self._children)

    def add(self, child: Child) -> None:
        """Follow one more."""
        self._children.append(child)
        for fd, react in (
            (child.process.events, self._read_events),
            (child.process.output, self._read_output),
            (child.process.pidfd, self._exit),
        ):
            self._selector.register(fd, selectors.EVENT_READ, partial(react, child, fd))

    def round(self) -> None:
        """React to what came, waiting for it at most TICK_SECONDS."""
        for key, _ in self._selector.select(TICK_SECONDS):
            key.data()

    def check(self, deadline: float, seconds: float) -> None:
        """Everything that no file descriptor tells. `seconds` is what they had till `deadline`."""
        now = time.monotonic()
        for child in self._children:
            if child.ended:
                continue
            if child.done_at is not None:
                if now > child.done_at + GRACE_SECONDS:
                    child.process.kill()
                continue
            child.check_memory()
            if now > deadline:
                self.hear_out(child)
                if child.done_at is None:
                    child.kill(over_time(seconds))

    def hear_out(self, child: Child) -> None:
        """Take all that a child has said by now: it counts before what is about to end it."""
        while self._read_events(child, child.process.events):
            pass

    def close(self) -> None:
        """End what is left of them."""
        for child in self._children:
            child.bury()
        self._selector.close()

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
                self._hear(child, event)
        except ProtocolError as error:
            child.kill(_breach(error))
        return not child.doomed

    def _read_output(self, child: Child, fd: int) -> None:
        if child.ended:
            return
        data = read_some(fd, CHUNK_BYTES)
        if data == b"":
            self._selector.unregister(fd)
        if data:
            child.take_output(data)
            self.output_changed = True

    def _exit(self, child: Child, _fd: int) -> None:
        try:
            for event in child.drain_events():
                self._hear(child, event)
        except ProtocolError as error:
            child.kill(_breach(error))
        child.drain_output()
        self.output_changed = True
        for other in self._children:
            if other is not child:
                self.hear_out(other)
        self._unregister(child)
        child.bury()
        self._end(child)

    def _unregister(self, child: Child) -> None:
        process = child.process
        registered = self._selector.get_map()
        for fd in (process.events, process.output, process.pidfd):
            if fd in registered:
                self._selector.unregister(fd)


def _breach(error: ProtocolError) -> Trouble:
    """What a child is ended for."""
    if isinstance(error, OverLimitError):
        return over_output(str(error), error.setting)
    return against_protocol(str(error))
