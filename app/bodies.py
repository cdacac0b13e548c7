"""What a request may send: how much, by its address, and how slowly. What is sent after an answer
was given already is read away for a while, and the connection ends.
"""

import re
import time
from contextlib import suppress
from dataclasses import dataclass

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import StagelightError, TooLargeError
from app.rights import right_of
from app.services.asker import Right
from app.settings import Settings

BODY_BYTES = 2**20  # of a request that uploads nothing; and of an upload's fields beside the script
ENTRY_BYTES = 2**15  # of what anybody may send
# A body this many times too large is still read: a browser shows no answer while it still sends.
READ_AWAY_FACTOR = 8

_UPLOADS = re.compile(r"(/api)?/runs|/runs/[0-9]+/rerun")


@dataclass(frozen=True)
class Patience:
    """How slowly a body may come."""

    pause_seconds: float = 30.0  # without a single byte
    grace_seconds: float = 60.0  # in which it may be slower than this:
    bytes_per_second: float = 16 * 1024


PATIENCE = Patience()


class TooSlowError(StagelightError):
    """The request came so slowly that nobody waited for its end. Nothing of it was kept."""

    code = "too_slow"
    status = 408


class BodyError(HTTPException):
    """A body that is not read to its end, and why.

    It is one of the framework's own errors, which takes any other for that of a broken form.
    """

    def __init__(self, reason: StagelightError) -> None:
        super().__init__(reason.status, headers=reason.headers)
        self.reason = reason


class Bodies:
    """Every request's body passes here, whoever reads it, as it comes."""

    def __init__(self, app: ASGIApp, settings: Settings, patience: Patience) -> None:
        self.app = app
        self.upload_bytes = settings.upload_bytes + settings.script_bytes + BODY_BYTES
        self.patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(Headers(scope=scope), receive, send, self._limit_of(scope), self.patience)
        await self.app(scope, body.receive, body.send)

    def _limit_of(self, scope: Scope) -> int:
        method, path = scope["method"], scope["path"]
        if right_of(method, path) is Right.PUBLIC:
            return ENTRY_BYTES
        return self.upload_bytes if method == "POST" and _UPLOADS.fullmatch(path) else BODY_BYTES


class _Body:
    """The body of one request, and the answer to it."""

    def __init__(
        self, headers: Headers, receive: Receive, send: Send, limit: int, patience: Patience
    ) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._patience = patience
        self._length = _length(headers)  # as the request says; 0 where it does not
        self._ended = not self._length and "transfer-encoding" not in headers
        self._seen = 0
        self._began: float | None = None
        self._given_up = False

    async def receive(self) -> Message:
        """The next part of it; BodyError where it is too large or too slow."""
        if self._ended:
            return await self._receive()
        if self._length > self._limit:
            raise BodyError(self._too_large(f"{self._length:,}"))
        message = await self._next()
        if self._seen > self._limit:
            raise BodyError(self._too_large(f"more than {self._limit:,}"))
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer. One that comes before the body's end ends the connection."""
        if self._ended:
            await self._send(message)
        elif message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
            await self._send(message)
        elif message.get("more_body"):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._read_away()
            await self._send({"type": "http.response.body", "body": b""})

    async def _next(self) -> Message:
        now = time.monotonic()
        self._began = self._began or now
        in_time = self._patience.grace_seconds + self._seen / self._patience.bytes_per_second
        try:
            with anyio.fail_after(min(self._patience.pause_seconds, self._began + in_time - now)):
                message = await self._receive()
        except TimeoutError:
            self._given_up = True
            raise BodyError(
                TooSlowError(
                    "The request came too slowly.", "Send it again, over a faster connection."
                )
            ) from None
        self._seen += len(message.get("body", b""))
        self._ended = not message.get("more_body")  # as it is when the client went away
        return message

    async def _read_away(self) -> None:
        """What is left of it, unless that is no use."""
        most = READ_AWAY_FACTOR * self._limit
        if self._given_up or self._length > most:
            return
        with suppress(BodyError):
            while not self._ended and self._seen <= most:
                await self._next()

    def _too_large(self, size: str) -> TooLargeError:
        if self._limit <= BODY_BYTES:  # it uploads nothing
            return TooLargeError(
                f"The request has {size} bytes; {self._limit:,} are allowed.", "Send less."
            )
        return TooLargeError(
            f"The upload has {size} bytes; {self._limit:,} are allowed.",
            "Leave out data and weights: initial values do for an export.",
        )


def _length(headers: Headers) -> int:
    text = headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0
