"""API tokens: made by a login, shown once, used by a program, revoked."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.db import read_scope, session_scope
from app.models import Act, ApiToken, Audit, Person, PersonRole
from app.models.columns import utc_now
from app.services import api_tokens
from tests.people_support import add_person, logged_in, stranger
from tests.web_support import rows, text_of

pytestmark = pytest.mark.accounts


@pytest.fixture
def program(app: FastAPI) -> Iterator[TestClient]:
    """A client that is no browser."""
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def make(client: TestClient, **wanted: object) -> str:
    answer = client.post("/api/account/tokens", json={"name": "ci", **wanted})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_made_and_a_program_gets_in_by_it(
    ana: TestClient, program: TestClient, engine: Engine
) -> None:
    token = make(ana, scope="write", days=30)
    assert re.fullmatch(r"stl_[\w-]{32}", token)
    assert program.get("/api/runs", headers=bearer(token)).status_code == 200
    (listed,) = ana.get("/api/account/tokens").json()["tokens"]
    assert (listed["name"], listed["scope"], listed["expired"]) == ("ci", "write", False)
    assert listed["used_at"] is not None
    with read_scope(engine) as session:
        kept = session.exec(select(ApiToken)).one()
        act = session.exec(select(Audit)).one()
    assert kept.expires_at - kept.created_at == timedelta(days=30)
    assert token[4:] not in kept.model_dump_json()
    assert (act.actor, act.act, act.subject) == ("ana", Act.TOKEN_MADE, "ci")
    assert act.detail == {"token": 1, "scope": "write", "days": 30}


def test_the_page_shows_it_this_once(ana: TestClient, program: TestClient) -> None:
    form = {"name": " nightly\tjob ", "scope": "read", "days": "7"}
    answer = ana.post("/account/tokens", data=form)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    (token,) = re.findall(r'<input aria-label="Token" value="([^"]+)" readonly', answer.text)
    assert f'data-copy-text="{token}"' in answer.text
    assert "The token nightly job is made" in text_of(answer.text)
    assert program.get("/api/runs", headers=bearer(token)).status_code == 200
    again = ana.get("/account").text
    assert token not in again
    assert "nightly job" in again


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"name": " "}, "has no name"),
        ({"name": "x" * 81}, "has 81 characters"),
        ({"scope": "admin"}, "more than you may"),
        ({"days": 0}, "for 0 days"),
        ({"days": 366}, "for 366 days"),
    ],
)
def test_what_cannot_be_made_says_why_and_keeps_what_was_written(
    wanted: dict[str, object], said: str, ana: TestClient, engine: Engine
) -> None:
    given = {"name": "ci", "scope": "read", "days": 7, **wanted}
    answer = ana.post("/api/account/tokens", json=given)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_token_request")
    page = ana.post("/account/tokens", data={key: str(value) for key, value in given.items()})
    assert page.status_code == 422
    assert said in text_of(page.text)
    assert f'value="{given["days"]}"' in page.text
    assert rows(engine, ApiToken) == 0


@pytest.mark.parametrize("field", ["scope", "days"])
def test_a_form_that_no_page_sends_is_refused(field: str, ana: TestClient) -> None:
    form = {"name": "ci", "scope": "read", "days": "7"} | {field: "²much"}
    assert ana.post("/account/tokens", data=form).status_code == 422


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (PersonRole.VIEWER, ["read"]),
        (PersonRole.MEMBER, ["read", "write"]),
        (PersonRole.ADMIN, ["read", "write", "admin"]),
    ],
)
def test_a_token_is_for_no_more_than_its_person_may(
    role: PersonRole, scopes: list[str], app: FastAPI, engine: Engine
) -> None:
    add_person(engine, "ana", role)
    with logged_in(app, "ana") as client:
        page = client.get("/account").text
        assert re.findall(r'<option value="(\w+)"', page) == scopes
        for scope in ("read", "write", "admin"):
            wanted = {"name": "ci", "scope": scope}
            made = client.post("/api/account/tokens", json=wanted).status_code == 201
            assert made is (scope in scopes)


def test_a_role_that_is_taken_away_takes_its_tokens_rights(
    ana: TestClient, program: TestClient, engine: Engine
) -> None:
    headers = bearer(make(ana, scope="write"))
    assert program.post("/api/runs", headers=headers).status_code == 422
    with session_scope(engine) as session:
        session.exec(select(Person)).one().role = PersonRole.VIEWER
    answer = program.post("/api/runs", headers=headers)
    assert answer.status_code == 404
    assert "ana's (viewer), for write" in answer.json()["error"]["hint"]


def test_a_token_neither_makes_tokens_nor_sees_the_account(
    app: FastAPI, engine: Engine, program: TestClient
) -> None:
    add_person(engine, "ada", PersonRole.ADMIN)
    with logged_in(app, "ada") as client:
        headers = bearer(make(client, scope="admin"))
    for method, path in (
        ("GET", "/account"),
        ("GET", "/api/account"),
        ("GET", "/api/account/tokens"),
        ("POST", "/api/account/tokens"),
        ("DELETE", "/api/account/tokens/1"),
        ("DELETE", "/api/account/sessions"),
        ("POST", "/account/password"),
    ):
        answer = program.request(method, path, headers=headers)
        assert answer.status_code == 404, path
        assert "by a login" in answer.text
    assert rows(engine, ApiToken) == 1


def test_a_token_that_was_revoked_opens_nothing(
    ana: TestClient, program: TestClient, engine: Engine
) -> None:
    headers = bearer(make(ana))
    answer = ana.post("/account/tokens/1/revoke")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert program.get("/api/runs", headers=headers).status_code == 401
    assert ana.get("/api/account/tokens").json() == {"tokens": []}
    assert ana.delete("/api/account/tokens/1").status_code == 404
    with read_scope(engine) as session:
        query = select(Audit).where(col(Audit.act) == Act.TOKEN_REVOKED)
        (act,) = session.exec(query).all()
    assert (act.subject, act.detail) == ("ci", {"token": 1})


def test_nobody_revokes_the_token_of_somebody_else(
    ana: TestClient, app: FastAPI, engine: Engine
) -> None:
    make(ana)
    add_person(engine, "ada", PersonRole.ADMIN)
    with logged_in(app, "ada") as client:
        assert client.delete("/api/account/tokens/1").status_code == 404
        assert client.post("/account/tokens/1/revoke").status_code == 404
        assert client.get("/api/account/tokens").json() == {"tokens": []}
    with stranger(app) as client:
        assert client.delete("/api/account/tokens/1").status_code == 401
    assert len(ana.get("/api/account/tokens").json()["tokens"]) == 1


def test_one_that_ended_stays_in_the_list_until_it_is_revoked(
    ana: TestClient, program: TestClient, engine: Engine
) -> None:
    headers = bearer(make(ana))
    with session_scope(engine) as session:
        session.exec(select(ApiToken)).one().expires_at = utc_now()
    assert program.get("/api/runs", headers=headers).status_code == 401
    assert ", expired" in ana.get("/account").text
    assert ana.delete("/api/account/tokens/1").status_code == 204


def test_one_person_has_so_many_at_most(ana: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 1)
    make(ana)
    answer = ana.post("/api/account/tokens", json={"name": "more"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_many_tokens")
    ana.delete("/api/account/tokens/1")
    make(ana)
