"""What reading a contract may spend, and what was left out for want of time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Counts down from a number of seconds. A step that does not fit is left out, and said."""

    def __init__(self, seconds: float) -> None:
        self._started = time.perf_counter()
        self._seconds = seconds
        self._last: dict[str, float] = {}  # seconds of the last step of each kind
        self.cut: list[str] = []

    @property
    def spent(self) -> float:
        """Seconds since it was started."""
        return time.perf_counter() - self._started

    def allows(self, step: str, kind: str = "export") -> bool:
        """Whether half a step of this kind fits, going by the last one: the first is the slowest.

        Args:
            step: what is said to be left out where it does not.
            kind: what is done in it: export, run, or ask.
        """
        if self.spent + self._last.get(kind, 0.0) / 2 <= self._seconds:
            return True
        if step not in self.cut:
            self.cut.append(step)
        return False

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Remember how long a step of this kind takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._last[kind] = time.perf_counter() - started
