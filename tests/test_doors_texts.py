"""Text from people ends up in no header of an answer and in no log, whatever it holds."""

import logging
import socket
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import Session

from app.models import Audit
from tests.conftest import serving
from tests.rights import ROWS
from tests.rights.row import Cast
from tests.rights.team import client_of
from tests.web_support import SCRIPT

MARK = "INJECTED"
EVIL = f"a\r\nSet-Cookie: {MARK}=1\r\n\r\n<b>{MARK}</b>\n\x1b[31m\u2028{MARK}"
EVIL_PATH = "%0d%0aSet-Cookie:%20INJECTED=1"
ODD = "é\u202e😀"  # what no header can hold as it is


def read(client: TestClient) -> None:
    """All that can be read without changing anything: none of it may break."""
    for row in ROWS:
        if row.safe:
            answer = client.request(row.method, row.url)
            assert answer.status_code < 500, row.name
            assert told(answer.headers.multi_items()) == [], row.name


def told(headers: list[tuple[str, str]]) -> list[str]:
    """The headers that hold what was injected, or that nobody sends here."""
    return [
        f"{name}: {value}"
        for name, value in headers
        if name in ("set-cookie", "refresh") or set(value) & set("\r\n\0")
    ]


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the server logged of it; the client logs what it asks for."""
    return [
        one.getMessage()
        for one in caplog.records
        if MARK in one.getMessage() and not one.name.startswith("httpx")
    ]


@pytest.mark.parametrize("text", [EVIL, ODD], ids=["evil", "odd"])
def test_no_text_gets_out_as_a_header(
    text: str, team: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    quoted = {"User-Agent": f"Mozilla {MARK}", "Referer": f"http://127.0.0.1/{MARK}"}
    script = {"script": (f"{text}.py", SCRIPT)}
    with client_of(team, Cast.ADMIN) as client:
        client.headers.update(quoted)
        answers = [
            client.post(
                "/api/runs", files={"script": (f"{text}.py", SCRIPT)}, data={"title": text}
            ),
            client.post("/runs", files=script, data={"title": text}),
            client.post("/runs/1/title", data={"title": text}),
            client.patch("/api/runs/1", json={"title": text, "note": text}),
            client.patch("/api/runs/1", json={"tags": [text]}),
            client.post("/runs/1/about", data={"note": text, "tags": text}),
            client.post("/filters", data={"name": text, "query": f"q={text}"}),
            client.post("/api/filters", json={"name": f"b{text}", "query": f"tag={text}"}),
            client.post("/shares/1/revoke", data={"back": text}),
            client.post("/runs/1/star", data={"back": f"?q={text}"}),
            client.post("/runs/1/star", data={"back": f"?q={text}"}, headers={"HX-Request": "1"}),
            client.post("/share", data={"run": text}),
            client.post("/failures/v1:0123456789abcdef/state", data={"state": text, "note": text}),
            client.get("/", params={"q": text, "status": ""}),
            client.get("/compare", params={"base": text}),
            client.get("/share", params={"failure": text}),
            client.get(f"/api/examples/{EVIL_PATH}"),
            client.get(f"/filters/{EVIL_PATH}"),
            client.get(f"/docs/{EVIL_PATH}"),
            client.get(f"/s/{EVIL_PATH}"),
            client.get(f"/static/{EVIL_PATH}/"),
        ]
        for answer in answers:
            assert answer.status_code < 500, answer.request.url
            assert told(answer.headers.multi_items()) == [], answer.request.url
        read(client)
    assert logged(caplog) == []


def test_what_is_audited_is_on_one_line(team: FastAPI) -> None:
    with client_of(team, Cast.ADMIN) as client:
        client.patch("/api/runs/1", json={"title": EVIL})
        client.delete("/api/runs/1")
    with Session(team.state.web.engine) as session:
        rows = session.scalars(select(Audit)).all()
        texts = [text for row in rows for text in (row.subject, row.detail.get("title", ""))]
    assert any(MARK in text for text in texts)
    assert [text for text in texts if not text.isprintable()] == []


@pytest.mark.parametrize(
    "line",
    [
        b"X-A: a\rX-B: INJECTED",
        b"X-A: a\x00INJECTED",
        b"X-A : INJECTED",
        b"X-A: a\n INJECTED\r",
        b"Host: evil.example",
        b"Content-Length: 1\r\nContent-Length: 2",
        b"Content-Length: 1\r\nTransfer-Encoding: chunked, gzip",
        b"Transfer-Encoding: INJECTED",
        b"X-A: " + b"INJECTED" * 20_000,
    ],
    ids=lambda line: repr(line[:30]),
)
def test_a_head_that_could_be_read_two_ways_is_read_in_none(
    line: bytes, team: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(team) as url:
        parts = urlsplit(url)
        host = parts.netloc.encode()
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as opened:
            opened.sendall(
                b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\n" + line + b"\r\n\r\n0"
            )
            said = opened.recv(65_536)
    assert said.split(b" ", 2)[1] in (b"400", b"431", b"501"), said[:80]
    assert logged(caplog) == []
