"""Sends a letter: signed, once, and to a checked address.

HTTP is httpcore's: it follows no redirect, keeps no cookie, unpacks nothing and knows no proxy of
the environment. The sockets under it are ours, so that whatever it connects to was checked, and so
that a try ends in time, however slowly the other side talks.
"""

import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore

from app.models.columns import utc_now
from app.services.deliveries import Answer, Letter, body_of
from app.services.webhook_addresses import LookUp, WebhookUrlError, addresses_of, ask_resolver
from app.services.webhook_signature import headers_of, signature_of
from app.settings import Network

TRY_SECONDS = 10.0  # for all of a try
KEPT_BYTES = 1_024  # of an answer


@dataclass(frozen=True)
class Post:
    """How letters are sent from here."""

    public_url: str
    networks: Sequence[Network]
    seconds: float = TRY_SECONDS
    look_up: LookUp = ask_resolver
    tls: ssl.SSLContext | None = None  # None: certificates that browsers trust

    def send(self, letter: Letter) -> Answer:
        """One try."""
        sent_at, begin = utc_now(), time.monotonic()
        body = body_of(letter.payload, self.public_url)
        timestamp = int(sent_at.timestamp())
        signature = signature_of(letter.secret, letter.event_id, timestamp, body)
        headers = headers_of(letter.event_id, timestamp, signature)
        status, text, error = self._ask(letter.url, headers, body)
        seconds = time.monotonic() - begin
        return Answer(sent_at, signature, seconds, status, text, error)

    def _ask(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int | None, str, str]:
        """Status, the answer's beginning, and why there is none."""
        sockets = _Sockets(self.networks, self.look_up, _Deadline(self.seconds))
        host = {"Host": urlsplit(url).netloc}
        try:
            with (
                httpcore.ConnectionPool(self.tls, network_backend=sockets) as pool,
                pool.stream("POST", url, headers=[*(host | headers).items()], content=body) as got,
            ):
                return got.status, _beginning(got.iter_stream()), ""
        except WebhookUrlError as error:
            return None, "", error.message
        except httpcore.TimeoutException:
            return None, "", f"There was no answer within {self.seconds:g} s."
        except httpcore.NetworkError as error:
            return None, "", f"The connection failed: {error}."
        except httpcore.ProtocolError as error:
            return None, "", f"What it answered is no HTTP: {error}."


def _beginning(parts: Iterator[bytes]) -> str:
    """The beginning of an answer as text; one that breaks off, as far as it came."""
    kept = b""
    try:
        for part in parts:
            kept += part
            if len(kept) >= KEPT_BYTES:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        pass  # its status is known, and that is what counts
    return kept[:KEPT_BYTES].decode(errors="replace").replace("\0", "")


class _Deadline:
    """When a try must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that there are left, more than none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise httpcore.TimeoutException
        return seconds


class _Sockets(httpcore.NetworkBackend):
    """Connects to what a name was found to be when it was checked. TLS is still the name's: the
    certificate, and what the other side is told to be asked for.
    """

    def __init__(self, networks: Sequence[Network], look_up: LookUp, deadline: _Deadline) -> None:
        self._networks = networks
        self._look_up = look_up
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first of its addresses that takes one."""
        left = self._deadline.left
        problem: Exception = httpcore.ConnectError("it has no address")
        for address in addresses_of(host, port, self._networks, left(), self._look_up):
            try:
                stream = self._sockets.connect_tcp(address, port, left(), None, socket_options)
            except httpcore.ConnectError as error:
                problem = error
            else:
                return _Stream(stream, self._deadline)
        raise problem


class _Stream(httpcore.NetworkStream):
    """A connection of which all reads and writes together end in time, not each one alone."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left()
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
