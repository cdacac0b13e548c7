"""How long a worker has worked on a run: of those in its hands it works on one at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Goes while the work does. What it counted is taken once, by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None  # null: it stands
        self._counted = 0.0

    @contextmanager
    def going(self) -> Iterator[None]:
        """Count while the block runs."""
        with self._lock:
            self._since = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._count()
                self._since = None

    def take(self) -> float:
        """The seconds since they were taken last."""
        with self._lock:
            self._count()
            taken, self._counted = self._counted, 0.0
            return taken

    def put_back(self, seconds: float) -> None:
        """Keep what was taken, for it could not be told."""
        with self._lock:
            self._counted += seconds

    def _count(self) -> None:
        if self._since is not None:
            now = time.monotonic()
            self._counted += now - self._since
            self._since = now
