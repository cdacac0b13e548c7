"""Bodies that are too large or come too slowly, and heads that never end, over a real socket."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.bodies import BODY_BYTES, Patience
from app.cli.connections import CONNECTIONS, Connection
from app.cli.server import Server
from app.main import create_app
from app.models import PersonRole, Run
from app.settings import Settings
from app.supervisor import Supervisor
from tests.conftest import serving
from tests.people_support import add_person, cookie_of
from tests.web_support import blobs, rows

HASTY = Patience(pause_seconds=0.3, grace_seconds=0.6, bytes_per_second=1_000)
PART = b'--x\r\nContent-Disposition: form-data; name="script"; filename="a.py"\r\n\r\n'
FORM = "Content-Type: multipart/form-data; boundary=x"
FIELDS = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"


class Hasty(Connection):
    """Waits for a head as long as HASTY for a body's next byte."""

    head_seconds = HASTY.pause_seconds


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"accounts": True, "upload_bytes": 200_000, "script_bytes": 100_000}
    )


@pytest.fixture
def address(settings: Settings, engine: Engine) -> Iterator[tuple[str, int]]:
    """A server that waits no longer than HASTY."""
    with serving(create_app(settings, HASTY), Hasty) as url:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        yield parts.hostname, parts.port


@pytest.fixture
def member(engine: Engine) -> str:
    """The header of a member's login."""
    add_person(engine, "ana", PersonRole.MEMBER)
    return f"Cookie: stagelight={cookie_of(engine, 'ana')}"


def head(address: tuple[str, int], line: str, *headers: str) -> bytes:
    """The head of a request, as its own pages would send it."""
    host, port = address
    told = (f"Host: {host}:{port}", "Sec-Fetch-Site: same-origin", *headers)
    return "\r\n".join((f"{line} HTTP/1.1", *told, "", "")).encode()


@contextmanager
def connection(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=10) as opened:
        yield opened


def rest_of(opened: socket.socket) -> bytes:
    """All that comes until the server ends the connection."""
    said = b""
    with suppress(ConnectionResetError):
        while part := opened.recv(65_536):
            said += part
    return said


def drip(opened: socket.socket, parts: Callable[[int], bytes], count: int, pause: float) -> int:
    """Send so many parts, with a pause after each; returns how many the server let come."""
    for number in range(count):
        try:
            opened.sendall(parts(number))
        except (BrokenPipeError, ConnectionResetError):
            return number
        time.sleep(pause)
    return count


def header(number: int) -> bytes:
    return f"X-{number}: y\r\n".encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def test_nobody_is_answered_before_they_have_sent_anything(
    address: tuple[str, int], engine: Engine, settings: Settings
) -> None:
    with connection(address) as opened:
        opened.sendall(head(address, "POST /api/runs", FORM, "Content-Length: 200000"))
        said = rest_of(opened)  # nothing is sent: the server waits a little, and ends it
    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close\r\n" in said.lower()
    assert rows(engine, Run) == 0
    assert blobs(settings) == []


def test_who_sends_all_of_it_first_still_reads_the_answer(address: tuple[str, int]) -> None:
    size = 8 * BODY_BYTES  # of which the kernel's buffers hold a part
    with connection(address) as opened:
        opened.sendall(head(address, "POST /runs/1/star", f"Content-Length: {size}"))
        opened.sendall(bytes(size))
        said = rest_of(opened)
    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"You are not logged in" in said


def test_who_sends_without_end_is_cut_off(address: tuple[str, int]) -> None:
    with connection(address) as opened:
        opened.sendall(head(address, "POST /runs/1/star", CHUNKED))
        piece = chunk(bytes(65_536))
        let = drip(opened, lambda _: piece, 1_000, 0)
        said = rest_of(opened)
    assert let < 8 * BODY_BYTES / 65_536 + 200, "with what lay in buffers"
    assert said == b"" or said.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/runs/1/star", FIELDS, b"413"),
        ("/share", FIELDS, b"413"),
        ("/api/filters", JSON, b"413"),
        ("/api/runs/1/cancel", JSON, b"404"),  # it reads no body, and has no run to tell of
    ],
)
def test_only_uploads_may_be_large(
    path: str, kind: str, status: bytes, address: tuple[str, int], member: str
) -> None:
    for length in (f"Content-Length: {BODY_BYTES + 1}", CHUNKED):
        with connection(address) as opened:
            opened.sendall(head(address, f"POST {path}", member, kind, length))
            if length == CHUNKED:
                drip(opened, lambda _: chunk(b" " * 65_536), 17, 0)
            said = rest_of(opened)
        assert said.startswith(b"HTTP/1.1 " + status), said[:200]
        assert b"connection: close\r\n" in said.lower()


def test_an_upload_that_does_not_say_its_size_is_counted(
    address: tuple[str, int], member: str, engine: Engine, settings: Settings
) -> None:
    with connection(address) as opened:
        opened.sendall(head(address, "POST /api/runs", member, FORM, CHUNKED))
        opened.sendall(chunk(PART))
        drip(opened, lambda _: chunk(bytes(65_536)), 22, 0)  # 1.4 MB of 1.35
        said = rest_of(opened)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"too_large" in said
    assert rows(engine, Run) == 0
    assert blobs(settings) == []


@pytest.mark.parametrize(
    ("part", "pause"),
    [
        pytest.param(b"x", 0.05, id="bytes-that-drip"),  # never a pause, and never an end
        pytest.param(b"x" * 900, 0.4, id="a-pause"),
    ],
)
def test_a_body_that_comes_too_slowly_ends_with_408(
    part: bytes, pause: float, address: tuple[str, int], member: str, engine: Engine
) -> None:
    with connection(address) as opened:
        opened.sendall(head(address, "POST /api/runs", member, FORM, "Content-Length: 100000"))
        opened.sendall(PART)
        let = drip(opened, lambda _: part, 60, pause)
        said = rest_of(opened)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"too_slow"' in said
    assert b"content-security-policy" in said
    assert let < 60
    assert rows(engine, Run) == 0


def test_a_body_that_is_slow_but_comes_is_taken(
    address: tuple[str, int], member: str, engine: Engine
) -> None:
    body = PART + b"print('" + b"x" * 3_000 + b"')\r\n--x--\r\n"
    parts = [body[at : at + 500] for at in range(0, len(body), 500)]
    with connection(address) as opened:
        length = f"Content-Length: {len(body)}"
        opened.sendall(head(address, "POST /api/runs", member, FORM, length, "Connection: close"))
        assert drip(opened, parts.__getitem__, len(parts), 0.1) == len(parts)
        assert rest_of(opened).startswith(b"HTTP/1.1 201 ")
    assert rows(engine, Run) == 1


def test_who_says_nothing_is_cut_off(address: tuple[str, int]) -> None:
    with connection(address) as opened:
        assert rest_of(opened) == b""


def test_a_head_that_does_not_end_ends_the_connection(address: tuple[str, int]) -> None:
    with connection(address) as opened:
        opened.sendall(b"GET / HTTP/1.1\r\n")
        assert drip(opened, header, 60, 0.05) < 60
        assert rest_of(opened) == b""


def test_nor_may_the_second_one_on_a_connection(address: tuple[str, int]) -> None:
    with connection(address) as opened:
        opened.sendall(head(address, "GET /healthz"))
        assert opened.recv(65_536).startswith(b"HTTP/1.1 200 ")
        opened.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert drip(opened, header, 60, 0.05) < 60


def test_a_connection_is_used_again_where_all_was_read(
    address: tuple[str, int], member: str
) -> None:
    with connection(address) as opened:
        for _ in range(2):
            opened.sendall(head(address, "POST /filters", member, FIELDS, "Content-Length: 6"))
            opened.sendall(b"name=x")
            answer = HTTPResponse(opened)
            answer.begin()
            assert (answer.status, answer.headers["Connection"]) == (422, None)
            assert b"There is no filter to be saved" in answer.read()


def test_slow_ones_hold_up_nobody(address: tuple[str, int]) -> None:
    """While many connections drip, another is answered."""
    stop = threading.Event()

    def slow() -> None:
        with connection(address) as opened, suppress(OSError):
            while not stop.is_set():
                opened.sendall(b"GET / HTTP/1.1\r\n")
                stop.wait(0.2)

    threads = [threading.Thread(target=slow) for _ in range(30)]
    for thread in threads:
        thread.start()
    try:
        with connection(address) as opened:
            opened.sendall(head(address, "GET /healthz", "Connection: close"))
            assert rest_of(opened).startswith(b"HTTP/1.1 200 ")
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_body_of_a_reading_request_is_bounded_too(settings: Settings, engine: Engine) -> None:
    with TestClient(create_app(settings, HASTY), base_url="http://127.0.0.1") as client:
        answer = client.request("GET", "/healthz", content=b"x")
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")


def test_the_command_serves_so(settings: Settings) -> None:
    app = create_app(settings)
    with socket.socket() as listener:
        config = Server(app, listener, Supervisor(settings)).config
    assert config.http is Connection
    assert config.limit_concurrency == CONNECTIONS
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > CONNECTIONS
