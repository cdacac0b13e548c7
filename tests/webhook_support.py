"""An address that is told of events: a server on the loopback that keeps what it got."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

from sqlalchemy import Engine
from sqlmodel import col, select

from app.db import read_scope, session_scope
from app.models import SUBSCRIBED, Delivery, Webhook, WebhookEvent
from app.services.webhook_events import ping
from app.services.webhook_post import Post

LOOPBACK = (ip_network("127.0.0.0/8"),)
# The specification's own example.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

# What a request is answered with: the bytes after which the connection is closed, each part after
# a pause in seconds.
Said = tuple[tuple[float, bytes], ...]


def say(status: int, body: bytes = b"", *headers: bytes, after: float = 0) -> Said:
    """An ordinary answer."""
    head = b"".join(b"%b\r\n" % header for header in headers)
    return ((after, b"HTTP/1.1 %d Said\r\n%b\r\n%b" % (status, head, body)),)


@dataclass
class Got:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """The server. `answers` are given in turn, the last one for ever."""

    port: int = 0
    answers: list[Said] = field(default_factory=lambda: [say(200, b"thanks")])
    got: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?team=a"

    def next_answer(self) -> Said:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """One that runs."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(Got(self.path, dict(self.headers), body))
            try:
                for pause, part in receiver.next_answer():
                    time.sleep(pause)
                    self.wfile.write(part)
            except OSError:  # nobody listens any more
                pass

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a broken handshake
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def post(seconds: float = 10, **given: object) -> Post:
    """What sends to the loopback, too."""
    values = {"public_url": "https://lab.example", "networks": LOOPBACK, **given}
    return Post(**values, seconds=seconds)  # type: ignore[arg-type]


def add(engine: Engine, url: str, *events: WebhookEvent, active: bool = True) -> int:
    """A webhook, its address unchecked."""
    with session_scope(engine) as session:
        told = [event.value for event in events or SUBSCRIBED]
        webhook = Webhook(url=url, secret=SECRET, events=told, created_by="ana", active=active)
        session.add(webhook)
        session.flush()
        assert webhook.id is not None
        return webhook.id


def send_ping(engine: Engine, webhook_id: int) -> int:
    """Something that is on its way."""
    with session_scope(engine) as session:
        return ping(session, webhook_id)


def deliveries(engine: Engine) -> list[Delivery]:
    """All that there are, the oldest first."""
    with read_scope(engine) as session:
        return list(session.exec(select(Delivery).order_by(col(Delivery.id))))


def change(engine: Engine, delivery_id: int, act: Callable[[Delivery], None]) -> None:
    """Change a row."""
    with session_scope(engine) as session:
        act(session.get_one(Delivery, delivery_id))
