"""Every route for everybody: what each gets, and that nothing changes where they may not."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.routing import Mount

from app.cookies import cookie_name
from tests.rights import ROWS
from tests.rights.row import LINK_TOKEN, LOGIN_PAGE, SAFE, Cast, Row
from tests.rights.team import client_of, kept, remember, renew


def declared(app: FastAPI) -> set[tuple[str, str]]:
    """Each method and path that the application takes; fails at what it does not understand."""
    found: set[tuple[str, str]] = set()
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            assert isinstance(route.original_route.app, StaticFiles), route
            found |= {(method, f"{route.path}/{{path}}") for method in SAFE}
        else:
            assert route.path, route
            assert route.methods, route
            found |= {(method, route.path) for method in route.methods}
    return found


def test_every_route_has_a_row_and_every_row_a_route(team: FastAPI) -> None:
    rows = {(row.method, row.path) for row in ROWS}
    assert rows - declared(team) == set(), "rows without a route"
    assert declared(team) - rows == set(), "routes without a row: add them in tests/rights/"


@pytest.mark.parametrize("who", Cast)
def test_everybody_gets_what_they_may_and_nothing_else(
    who: Cast, team: FastAPI, world: Path
) -> None:
    data = team.state.web.settings.data
    wrong = []
    untouched = kept(data)
    with client_of(team, who) as client:
        for row in ROWS:
            for headers in ways_in(who, team):
                got = outcome(client.request(row.method, row.url, headers=headers, **row.body))
                if got != row.expected(who):
                    wrong.append(f"{row.name}: {got}, not {row.expected(who)}")
                changed = kept(data) != untouched
                if changed != row.does_something(who):
                    wrong.append(f"{row.name}: {'something' if changed else 'nothing'} changed")
                if changed:
                    renew(team, world)
                remember(client, team, who)
    assert wrong == []


def ways_in(who: Cast, app: FastAPI) -> list[dict[str, str]]:
    """Headers to try a request with: for who has a link its token, wherever one can be sent."""
    if who is not Cast.LINK:
        return [{}]
    cookie = {"Cookie": f"{cookie_name(app.state.web.settings)}={LINK_TOKEN}"}
    bearers = [{"Authorization": f"Bearer {text}"} for text in (LINK_TOKEN, f"stl_{LINK_TOKEN}")]
    return [cookie, *bearers]


def outcome(answer: Response) -> int | str:
    """Its status, or that it leads to the login page."""
    to_login = re.match(r"/login(\?|$)", answer.headers.get("location", ""))
    return LOGIN_PAGE if answer.status_code == 303 and to_login else answer.status_code


@pytest.mark.parametrize("who", [Cast.NOBODY, Cast.VIEWER, Cast.MEMBER])
def test_what_is_not_theirs_answers_as_what_is_not_there(who: Cast, team: FastAPI) -> None:
    rows = [row for row in ROWS if who not in row.may and row.missing != row.url]
    assert rows
    with client_of(team, who) as client:
        for row in rows:
            there, missing = (told(client, row, url) for url in (row.url, row.missing))
            assert there == missing, row.name


def told(client: TestClient, row: Row, url: str) -> tuple[int, str, str]:
    """All that an answer tells, names of objects aside."""
    answer = client.request(row.method, url, **row.body)
    names = r"\b(mine|none|[1-9]|v1(:|%3A)[0-9a-f]{16})\b"
    head = re.sub(names, "N", str(sorted(answer.headers.items())))
    return answer.status_code, head, re.sub(names, "N", answer.text)
