"""The server's connections: how many there may be, and that each says soon what it wants."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0  # for a request's first line and headers

# A process may usually have 1,024 descriptors open: the rest is for the database and for files.
# Past it a request is answered with 503 and its connection closed.
CONNECTIONS = 800


class Connection(H11Protocol):
    """Uvicorn's, which waits without end for the rest of a head that came in part, or not at all.

    Between two requests its own timer runs, until the first byte of the next.
    """

    head_seconds = HEAD_SECONDS
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on; wait for a head that has begun, and no longer for one that is whole."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self.timeout_keep_alive_handler)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
