"""A flag that a signal handler may set: threading.Event may not be, for its lock can be held by
the very thread that the handler interrupts."""

import contextlib
import os
import select
import signal
from types import FrameType


class Stop:
    """Set once, from a signal handler or a thread; anyone can ask for it or wait for it."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._set = False

    def set(self) -> None:
        """Wake all who wait, now and from now on."""
        self._set = True
        with contextlib.suppress(BlockingIOError):  # the pipe is full of earlier calls
            os.write(self._writer, b"!")

    def is_set(self) -> bool:
        """Whether it is time to end."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Wait for it at most so long; returns whether it is set."""
        if not self._set:
            select.select([self._reader], [], [], seconds)
        return self._set

    def on_signals(self) -> None:
        """Have SIGTERM and SIGINT set it, instead of what they do by default."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handle)
