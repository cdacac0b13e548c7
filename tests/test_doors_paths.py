"""No spelling of an address gets around the right that it needs, and no method either."""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar
from urllib.parse import unquote

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import Message, Scope

from app.rights import right_of
from app.services.asker import Right
from tests.rights import ROWS
from tests.rights.row import READ, Cast
from tests.rights.team import NAMES, token_of

Result = TypeVar("Result")

URLS = sorted({row.url.partition("?")[0] for row in ROWS})
FEW = {"/", "/runs/1", "/api/runs/1/log", "/api/settings", "/shares", "/openapi.json", "/docs"}
PREFIXES = ("/s/", "/static/", "/healthz/", "/login/", "/invite/", "/account/", "/api/account/")


def spellings(path: str) -> Iterator[str]:
    """An address as one would write it who wants it to be taken for another."""
    yield path
    yield f"/{path}"
    yield f"{path}/"
    yield f"{path}%2f"
    yield f"/%{ord(path[1:2] or '/'):02x}{path[2:]}"
    yield path.upper()
    if path not in FEW:
        return
    yield from (f"{path}{end}" for end in ("//", "/.", "/..", "%00", "%3f", "%23", ";a", "%0d%0a"))
    yield from (f"{begin}{path}" for begin in ("/.", "/%2e", "/..", "/%2e%2e"))
    yield from (path.replace("/", one) for one in ("//", "%2f", "\\", "/./"))
    yield "/" + path[1:].replace("/", "%2F")
    yield from below(path)


def below(path: str) -> Iterator[str]:
    """The same as if it lay below what others may ask for."""
    for prefix in PREFIXES:
        yield f"{prefix}..{path}"
        yield f"{prefix}%2e%2e{path}"
        yield f"{prefix}%2e%2e%2f{path[1:]}"
        yield f"{prefix}{path}"


async def ask(app: FastAPI, method: str, path: str, who: Cast | None) -> tuple[int, list[str]]:
    """The status, and the path of the route that took it, as the application declares it: of both,
    where two routes are one function.
    """
    headers = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]
    if who is not None:
        headers.append((b"cookie", f"stagelight={token_of(who)}".encode()))
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 50_000),
        "app": app,
    }
    started: list[Message] = []
    body: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not body:
            await anyio.sleep_forever()
        return body.pop()

    async def send(message: Message) -> None:
        started.append(message)

    await app(scope, receive, send)
    endpoint = scope.get("endpoint")
    taken = [
        route.path or ""
        for route in iter_route_contexts(app.routes)
        if endpoint is not None and route.endpoint is endpoint
    ]
    return started[0]["status"], taken


def run(act: Callable[[], Awaitable[Result]]) -> Result:
    """What it returns. In a thread of its own: this one may be Playwright's."""
    with start_blocking_portal() as portal:
        return portal.call(act)


def test_a_route_is_never_reached_by_less_than_its_right(team: FastAPI) -> None:
    """Whatever the router makes of an address, the gate made the same of it before."""

    async def every() -> tuple[list[str], int]:
        wrong, reached = [], 0
        for url in URLS:
            for path in {*spellings(url)}:
                # A method that no route takes: the router finds the route, and runs nothing.
                status, routes = await ask(team, "X", path, Cast.ADMIN)
                assert status in (307, 404, 405), path  # 307: without the slash at its end
                reached += bool(routes)
                rights = {right_of("GET", one) for one in (unquote(path), *routes)}
                if len(rights) > 1:
                    wrong.append(f"{path} reached {routes}")
        return wrong, reached

    wrong, reached = run(every)
    assert wrong == []
    assert reached > len(URLS), "and many did reach one"


def test_no_spelling_lets_nobody_in(team: FastAPI) -> None:
    inside = [row.url.partition("?")[0] for row in ROWS if row.safe and Cast.NOBODY not in row.may]

    async def every() -> list[str]:
        return [
            f"{path}: {status}"
            for url in sorted({*inside})
            for path in spellings(url)
            for status, routes in [await ask(team, "GET", path, None)]
            if status < 300 and Right.PUBLIC not in {right_of("GET", route) for route in routes}
        ]

    assert run(every) == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "X", "OPTIONS", "PUT"])
@pytest.mark.parametrize("who", [None, Cast.VIEWER, Cast.ADMIN])
def test_a_method_that_no_route_takes_does_nothing(
    method: str, who: Cast | None, team: FastAPI
) -> None:
    urls = {row.url.partition("?")[0] for row in ROWS if row.may == READ}
    paths = [url for url in urls if right_of("GET", url) is Right.READ]

    async def every() -> set[int]:
        return {(await ask(team, method, path, who))[0] for path in paths}

    expected = {401, 303} if who is None else {404} if who is Cast.VIEWER else {405}
    reads = method == "OPTIONS" and who is Cast.VIEWER
    assert run(every) <= ({405} if reads else expected)


def test_a_head_of_what_is_an_admins_is_no_others(team: FastAPI) -> None:
    async def every() -> list[int]:
        return [(await ask(team, "HEAD", "/api/settings", who))[0] for who in (None, *NAMES)]

    assert run(every) == [401, 404, 404, 404, 405]
