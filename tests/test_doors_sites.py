"""What other sites can make a browser do here: send nothing, and be sent nowhere."""

import inspect
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import BaseModel

from tests.rights import ROWS
from tests.rights.row import Cast, Row
from tests.rights.team import client_of, kept, renew

HERE = "http://127.0.0.1"
UNSAFE = [row for row in ROWS if not row.safe]
BROWSERS = ("Sec-Fetch-Site", "Origin")

# What a browser says of a request that a page elsewhere made, or a program of one that it makes.
ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": f"{HERE}:9999"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": HERE},
    {},
]
HOSTS = ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.1@evil.example"]
HOSTS += ["127.0.0.1:80@evil.example", "127.0.0.1.", "evil.example:80:80", "", "[::1", "0.0.0.0"]

# Where a browser would go that is told to go there.
AWAY = [
    *("https://evil.example/", "//evil.example/", r"/\evil.example/", r"\\evil.example/"),
    *("///evil.example/", "/\t/evil.example/", "\t//evil.example/", " //evil.example/"),
    *("https:evil.example", "https:/evil.example", "javascript:alert(1)", "data:text/html,x"),
]
TRICKS = ["/%09/evil.example/", "/%5cevil.example/", "/shares\r\nLocation: //evil.example/"]
WAYS_BACK = {"back", "next", "url", "return_to", "redirect"}


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_no_other_site_can_use_a_login(headers: dict[str, str], team: FastAPI) -> None:
    data = team.state.web.settings.data
    before = kept(data)
    with client_of(team, Cast.ADMIN) as client:
        for name in BROWSERS:
            del client.headers[name]
        answers = {row.name: send(client, row, headers).status_code for row in UNSAFE}
    assert answers == dict.fromkeys(answers, 403)
    assert kept(data) == before


@pytest.mark.parametrize("host", HOSTS)
def test_under_another_name_there_is_nothing_here(host: str, team: FastAPI) -> None:
    """DNS rebinding: the browser takes this server for evil.example, and has no cookie for it."""
    data = team.state.web.settings.data
    before = kept(data)
    with client_of(team, Cast.ADMIN) as client:
        headers = {"Host": host, "Origin": f"http://{host}"}
        answers = {row.name: send(client, row, headers).status_code for row in ROWS}
    assert answers == dict.fromkeys(answers, 421)
    assert kept(data) == before


def test_no_answer_leads_to_another_site(team: FastAPI, world: Path) -> None:
    takers = [row for row in ROWS if ways_back(team, row)]
    assert {row.path for row in takers} >= {"/runs/{run_id}/star", "/shares/{share_id}/revoke"}
    led = []
    with client_of(team, Cast.ADMIN) as client:
        for row in takers:
            for name in ways_back(team, row):
                for where in AWAY + TRICKS:
                    answer = send(client, row, {}, **{name: where})
                    led += [f"{row.name} {name}={where!r}" for to in leads(answer) if away(to)]
            renew(team, world)
    assert led == []


@pytest.mark.parametrize("path", ["//evil.example/", "/%5cevil.example/", "/%09/evil.example/"])
def test_nor_does_the_login_that_a_link_asks_for(path: str, team: FastAPI) -> None:
    with client_of(team, Cast.NOBODY) as client:
        (to,) = leads(client.get(f"{HERE}{path}"))
        headers = {"HX-Request": "true", "HX-Current-URL": f"{HERE}{path}"}
        part = client.get(f"{HERE}{path}", headers=headers).text
        (link,) = set(re.findall(r'href="(/login[^"]*)"', part))
        for login in (to, link):
            assert login.startswith("/login?next=/")
            assert not away(parse_qs(urlsplit(login).query)["next"][0])
        assert [one for one in re.findall(r'hx-get="([^"]*)"', part) if away(one)] == []


def test_what_is_away() -> None:
    """Else the tests that ask for it could not fail."""
    assert [where for where in AWAY if not away(where)] == []
    assert not any(map(away, ("/shares?before=1", "?a=//evil.example", "/runs//1", *TRICKS[:2])))


def send(client: TestClient, row: Row, headers: dict[str, str], **fields: str) -> Response:
    """The row's request, with these fields in its form or its query."""
    given: dict[str, Any] = dict(row.body)
    if fields:
        given |= {"params": fields} if row.safe else {"data": given.get("data", {}) | fields}
    return client.request(row.method, row.url, headers=headers, **given)


def leads(answer: Response) -> list[str]:
    """Where a browser goes from here."""
    names = ("location", "hx-redirect", "hx-location", "refresh")
    return [answer.headers[name] for name in names if name in answer.headers]


def away(where: str) -> bool:
    """Whether that is another site, or no site, as browsers read it."""
    read = re.sub(r"[\t\r\n]", "", where.strip("\x00\x20\t\r\n")).replace("\\", "/")
    if re.match(r"/{2,}|https?:(?!//)", read):
        return True
    return urlsplit(urljoin(f"{HERE}/runs/1", read))[:2] != tuple(urlsplit(HERE)[:2])


def ways_back(app: FastAPI, row: Row) -> set[str]:
    """The fields of its route that say where to go after it."""
    found: set[str] = set()
    for route in iter_route_contexts(app.routes):
        if route.path != row.path or row.method not in (route.methods or ()):
            continue
        assert route.endpoint
        for name, one in inspect.signature(route.endpoint).parameters.items():
            kind = next(iter(getattr(one.annotation, "__args__", ())), one.annotation)
            fields = kind.model_fields if is_form(kind) else {name.rstrip("_"): None}
            found |= WAYS_BACK & {*fields}
    return found


def is_form(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
