"""Who is let through: by a cookie, by a token, by being on this machine."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlmodel import select
from starlette.requests import Request

from app.cookies import cookie_in, cookie_name
from app.db import session_scope
from app.main import create_app
from app.models import ApiToken, Invite, Login, Person, PersonRole, Scope
from app.models.columns import utc_now
from app.services.tokens import hash_of, new_token
from app.settings import Settings
from tests.people_support import add_person, cookie_of, give_token, logged_in, stranger
from tests.web_support import SCRIPT, rows

pytestmark = pytest.mark.accounts


def token_of(engine: Engine, person: Person, scope: Scope) -> str:
    token = new_token()
    with session_scope(engine) as session:
        give_token(session, person, scope, token_sha256=hash_of(token))
    return f"stl_{token}"


def upload(client: TestClient, **headers: str) -> int:
    answer = client.post("/api/runs", files={"script": ("m.py", SCRIPT)}, headers=headers)
    return answer.status_code


def test_a_page_sends_nobody_to_the_login_and_back(visitor: TestClient) -> None:
    answer = visitor.get("/runs/7?a=b%26c")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/runs/7%3Fa%3Db%2526c"
    assert visitor.get("/nothing").headers["location"] == "/login?next=/nothing"
    assert visitor.get("/").headers["location"] == "/login"


def test_a_part_of_a_page_leaves_the_page_where_it_is(visitor: TestClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1/runs/7?a=1"}
    for answer in (
        visitor.get("/runs/7/_run", headers=headers),
        visitor.post("/runs/7/comments", headers=headers),
    ):
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "hx-redirect" not in answer.headers
        assert 'href="/login?next=/runs/7%3Fa%3D1" target="_blank"' in answer.text
        assert 'hx-get="/runs/7?a=1"' in answer.text


def test_a_script_is_not_given_the_login_page(visitor: TestClient) -> None:
    answer = visitor.get("/graphs/1/_node", headers={"Sec-Fetch-Dest": "empty"})
    assert answer.status_code == 401
    assert visitor.get("/graphs/1", headers={"Sec-Fetch-Dest": "document"}).status_code == 303


@pytest.mark.parametrize("address", ["http://[", "http://[::1", "//[x"])
def test_an_address_that_is_none_leads_to_the_login(address: str, visitor: TestClient) -> None:
    answer = visitor.get("/runs/7/_run", headers={"HX-Request": "true", "HX-Current-URL": address})
    assert answer.status_code == 401
    assert 'href="/login" target="_blank"' in answer.text


def test_a_database_that_fails_at_the_gate_is_told_in_the_one_shape(
    settings: Settings, engine: Engine
) -> None:
    with session_scope(engine) as session:
        session.execute(text("DROP TABLE login"))
    app = create_app(settings)
    with TestClient(app, "http://127.0.0.1", raise_server_exceptions=False) as client:
        client.cookies.set("stagelight", new_token())
        answer = client.get("/api/runs")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_api_says_401(visitor: TestClient) -> None:
    answer = visitor.get("/api/runs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "login_needed")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_form_of_nobody_is_not_thrown_away(visitor: TestClient) -> None:
    headers = {"Referer": "http://127.0.0.1/runs/7/rerun"}
    answer = visitor.post("/runs/7/rerun", data={"pasted": "import torch"}, headers=headers)
    assert answer.status_code == 401, "the browser keeps what was written"
    assert 'href="/login?next=/runs/7/rerun" target="_blank"' in answer.text
    assert "reload this page" in answer.text
    assert "hx-get" not in answer.text


@pytest.mark.parametrize(
    ("role", "status"),
    [(PersonRole.VIEWER, 404), (PersonRole.MEMBER, 201), (PersonRole.ADMIN, 201)],
)
def test_a_role_decides(role: PersonRole, status: int, app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ana", role)
    with logged_in(app, "ana") as client:
        assert client.get("/api/runs").status_code == 200
        assert upload(client) == status


def test_a_cookie_holds_until_its_login_ends(app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ana")
    with logged_in(app, "ana") as client:
        assert client.get("/api/runs").status_code == 200
        with session_scope(engine) as session:
            session.exec(select(Login)).one().expires_at = utc_now()
        assert client.get("/api/runs").status_code == 401
        assert client.get("/").headers["location"] == "/login"


def test_nor_longer_than_its_person_may_log_in(app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ana")
    with logged_in(app, "ana") as client:
        with session_scope(engine) as session:
            session.exec(select(Person)).one().disabled_at = utc_now()
        assert client.get("/api/runs").status_code == 401


@pytest.mark.parametrize(
    ("role", "scope", "read", "write"),
    [
        (PersonRole.MEMBER, Scope.READ, 200, 404),
        (PersonRole.MEMBER, Scope.WRITE, 200, 201),
        (PersonRole.VIEWER, Scope.ADMIN, 200, 404),
    ],
)
def test_a_token_allows_its_scope_at_most(
    role: PersonRole, scope: Scope, read: int, write: int, app: FastAPI, engine: Engine
) -> None:
    token = token_of(engine, add_person(engine, "ana", role), scope)
    with TestClient(app, base_url="http://127.0.0.1") as program:
        headers = {"Authorization": f"Bearer {token}"}
        assert program.get("/api/runs", headers=headers).status_code == read
        assert upload(program, **headers) == write


def test_a_token_that_does_not_hold_is_no_login(app: FastAPI, engine: Engine) -> None:
    token = token_of(engine, add_person(engine, "ana"), Scope.WRITE)
    with logged_in(app, "ana") as client:
        for text in ("", "stl_", token + "x", token.removeprefix("stl_"), "stl_" + "ü" * 32):
            headers = {"Authorization": f"Bearer {text}".encode()}
            answer = client.get("/api/runs", headers=headers)  # type: ignore[arg-type]
            assert answer.status_code == 401, "a cookie beside it does not count"
            assert answer.json()["error"]["code"] == "bad_token"
        with session_scope(engine) as session:
            session.exec(select(ApiToken)).one().revoked_at = utc_now()
        headers_ = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/runs", headers=headers_).status_code == 401


def test_what_does_not_say_where_it_comes_from_needs_a_token(app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ana")
    with logged_in(app, "ana") as client:
        del client.headers["Sec-Fetch-Site"], client.headers["Origin"]
        assert client.get("/api/runs").status_code == 200
        assert upload(client) == 403
        assert upload(client, **{"Sec-Fetch-Site": "same-origin"}) == 201


def test_without_accounts_only_this_machine_is_somebody(settings: Settings, engine: Engine) -> None:
    given = {"accounts": False, "public_url": "https://stage.example"}
    app = create_app(settings.model_copy(update=given))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        assert client.get("/api/runs").status_code == 200
        far = {"Host": "stage.example"}
        assert client.get("/api/runs", headers=far).status_code == 403
        assert "only shared links open" in client.get("/", headers=far).text
        assert client.get("/healthz", headers=far).status_code == 200
        assert client.get("/s/nothing", headers=far).status_code == 404


def test_the_cookie_is_held_to_its_host_over_https(settings: Settings) -> None:
    assert cookie_name(settings) == "stagelight"
    far = settings.model_copy(update={"public_url": "https://stage.example"})
    assert cookie_name(far) == "__Host-stagelight"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["a=b; {}; c"], "token"),
        (["\t{} ", "a=b"], "token"),
        # A browser takes such a name from any site of the domain, for it begins otherwise.
        (["\xa0{}"], ""),
        (["\x85{}"], ""),
        (["={}"], ""),
        # One of them was planted, and it cannot be told which.
        (["{}; {}"], ""),
        (["{}", "{}"], ""),
    ],
)
def test_no_cookie_counts_that_another_site_could_plant(lines: list[str], found: str) -> None:
    name = "__Host-stagelight"
    sent = [line.format(*[f"{name}=token"] * 2).encode("latin-1") for line in lines]
    request = Request({"type": "http", "headers": [(b"cookie", line) for line in sent]})
    assert cookie_in(request, name) == found


def test_of_two_cookies_for_a_login_none_counts(app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ana")
    cookie = f"stagelight={cookie_of(engine, 'ana')}"
    with stranger(app) as client:
        assert client.get("/api/runs", headers={"Cookie": cookie}).status_code == 200
        twice = {"Cookie": f"stagelight={new_token()}; {cookie}"}
        assert client.get("/api/runs", headers=twice).status_code == 401


@pytest.mark.parametrize("change", ["nothing", "logged out", "demoted", "disabled"])
def test_a_body_that_comes_slowly_is_of_who_they_are_at_its_end(
    change: str, app: FastAPI, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.gate.FRESH_SECONDS", 0)
    add_person(engine, "ana", PersonRole.ADMIN)

    def body() -> Iterator[bytes]:
        yield b'{"role": "admin", '
        with session_scope(engine) as session:
            ana, login = session.exec(select(Person)).one(), session.exec(select(Login)).one()
            match change:
                case "logged out":
                    session.delete(login)
                case "demoted":
                    ana.role = PersonRole.VIEWER
                case "disabled":
                    ana.disabled_at = utc_now()
        yield b'"days": 7}'

    with logged_in(app, "ana") as client:
        headers = {"Content-Type": "application/json"}
        answer = client.post("/api/admin/invites", content=body(), headers=headers)
    assert (answer.status_code, rows(engine, Invite)) == (
        (201, 1) if change == "nothing" else (401, 0)
    )
    if change != "nothing":
        assert answer.json()["error"]["code"] == "login_needed"
        assert answer.headers["www-authenticate"] == "Bearer"
