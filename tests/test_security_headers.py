"""What every answer carries, and who is turned away."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Headers

from app.middleware import POLICY
from app.rates import TooOftenError
from tests.rights import ROWS
from tests.rights.row import Cast
from tests.rights.team import client_of
from tests.web_support import SCRIPT

POLICY_OF_THE_NOTES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


def check(headers: Headers) -> None:
    """All that protects a browser from what an answer holds."""
    assert headers["content-security-policy"] == POLICY == POLICY_OF_THE_NOTES
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert "camera=()" in headers["permissions-policy"]


@pytest.mark.parametrize(
    "path",
    ["/", "/runs/1", "/nothing", "/api/runs", "/api/nothing", "/healthz", "/metrics",
     "/settings", "/api/workers", "/api/settings", "/graphs/1", "/api/graphs/1",
     "/openapi.json", "/static/css/base.css", "/static/nothing", "/api/runs/1/log"],
)  # fmt: skip
def test_every_answer_carries_the_policy(path: str, client: TestClient) -> None:
    check(client.get(path).headers)


@pytest.mark.parametrize(
    ("who", "status", "request_"),
    [
        (Cast.NOBODY, 303, ("GET", "/", {})),
        (Cast.NOBODY, 401, ("GET", "/api/runs", {})),
        (Cast.NOBODY, 401, ("POST", "/runs", {})),
        (Cast.ADMIN, 403, ("POST", "/api/runs", {"headers": {"Origin": "https://evil.example"}})),
        (Cast.VIEWER, 404, ("GET", "/api/settings", {})),
        (Cast.VIEWER, 404, ("POST", "/runs", {})),
        (Cast.ADMIN, 405, ("POST", "/", {})),
        (Cast.ADMIN, 413, ("POST", "/filters", {"data": {"name": "x" * 2**21}})),
        (Cast.ADMIN, 413, ("POST", "/api/filters", {"json": "x" * 2**21})),
        (Cast.ADMIN, 421, ("GET", "/", {"headers": {"Host": "evil.example"}})),
        (Cast.ADMIN, 422, ("POST", "/api/runs", {})),
        (Cast.ADMIN, 429, ("GET", "/api/workers", {})),
        (Cast.ADMIN, 429, ("GET", "/settings", {})),
    ],
)
def test_so_does_every_refusal(
    who: Cast,
    status: int,
    request_: tuple[str, str, dict[str, Any]],
    team: FastAPI,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_often(*_: object) -> None:
        raise TooOftenError("requests", 3)

    monkeypatch.setattr("app.routes.workers.worker_views", too_often)
    monkeypatch.setattr("app.routes.api_workers.worker_views", too_often)
    method, path, given = request_
    with client_of(team, who) as client:
        answer = client.request(method, path, **given)
    assert answer.status_code == status
    check(answer.headers)
    assert answer.headers.get("retry-after") == ("3" if status == 429 else None)
    if path.startswith("/api/"):
        assert answer.json()["error"].keys() == {"code", "message", "hint"}


def test_pages_hold_nothing_inline(client: TestClient) -> None:
    html = client.get("/").text
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick" not in html
    assert html.count("<script") == html.count("<script src=")


def test_assets_with_a_hash_are_kept_and_pages_are_not(client: TestClient) -> None:
    html = client.get("/").text
    sheet = next(part for part in html.split('"') if part.startswith("/static/css/tokens.css?v="))
    assert client.get(sheet).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/css/base.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/nothing?v=1").headers["cache-control"] == "no-cache"
    assert client.get("/").headers["cache-control"] == "no-cache"


def test_with_accounts_no_browser_keeps_what_was_shown(team: FastAPI) -> None:
    with client_of(team, Cast.ADMIN) as admin:
        for path in ("/", "/account", "/admin/audit", "/nothing", "/api/runs"):
            assert admin.get(path).headers["cache-control"] == "no-store", path
        assert admin.get("/static/css/base.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
@pytest.mark.parametrize("path", ["/runs", "/api/runs", "/api/runs/1/cancel", "/runs/1/delete"])
def test_another_site_cannot_send_anything(
    headers: dict[str, str], path: str, client: TestClient
) -> None:
    answer = client.post(path, files={"script": ("m.py", SCRIPT)}, headers=headers)
    assert answer.status_code == 403
    assert client.get("/api/runs").json()["runs"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "localhost:8000", "Origin": "http://localhost:8000"},
        {"Host": "[::1]:8000", "Origin": "http://[::1]:8000"},
    ],
)
def test_its_own_pages_and_programs_can(headers: dict[str, str], client: TestClient) -> None:
    answer = client.post("/api/runs", files={"script": ("m.py", SCRIPT)}, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""]
)
def test_another_name_for_this_server_is_turned_away(host: str, client: TestClient) -> None:
    # DNS rebinding: the browser believes that it talks to evil.example.
    answer = client.get("/api/runs", headers={"Host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "unknown_host")
    assert client.get("/", headers={"Host": host}).status_code == 421


def test_another_site_may_link_here(client: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://chat.example"}
    assert client.get("/", headers=headers).status_code == 200


def test_no_browser_keeps_what_is_told_once(team: FastAPI) -> None:
    secret = re.compile(r"whsec_|stl_[\w-]{32}|/(invite|s)/[\w-]{32}")
    told = []
    with client_of(team, Cast.ADMIN) as client:
        for row in ROWS:
            if (
                row.method == "POST"
                and row.url != "/logout"
                and row.expected(Cast.ADMIN) in (200, 201)
            ):
                answer = client.post(row.url, **row.body)
                if secret.search(answer.text):
                    told.append((row.url, answer.headers["cache-control"]))
    assert [url for url, kept in told if kept != "no-store"] == []
    assert len(told) == 12, "each way to a link, a token or a secret"
