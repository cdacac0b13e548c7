"""Logging in and out: who is let in, what they are given, what a stranger learns."""

import threading
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine, func
from sqlmodel import select

from app.bodies import ENTRY_BYTES
from app.cookies import cookie_name
from app.db import read_scope, session_scope
from app.login_pages import LoginPage, own_path
from app.main import create_app
from app.models import Act, Login, Person
from app.models.columns import utc_now
from app.rates import network_of
from app.services.passwords import AT_WORK, IN_LINE, LINE, WORK
from app.settings import Settings
from app.templating import render
from tests.entry_support import (
    PASSWORD,
    add_with_password,
    audited,
    browser_at,
    cookie_in,
    log_in,
    told_when_read,
    web_of,
)
from tests.people_support import add_person, cookie_of, logged_in, stranger
from tests.web_support import text_of

pytestmark = pytest.mark.accounts


def logins(engine: Engine) -> int:
    with read_scope(engine) as session:
        return session.exec(select(func.count()).select_from(Login)).one()


def test_the_right_password_lets_in(visitor: TestClient, engine: Engine) -> None:
    add_with_password(engine, "ana")
    answer = log_in(visitor, next="/runs?q=a#b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs?q=a#b")
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=lax", "path=/"} <= set(cookie.split("; "))
    assert visitor.get("/api/runs").status_code == 200
    (entry,) = audited(engine)
    assert (entry.act, entry.actor, entry.via) == (Act.LOGIN, "ana", "login")


@pytest.mark.parametrize("typed", ["ANA", " ana ", "\uff41na"])
def test_a_name_is_the_same_however_it_is_typed(
    typed: str, visitor: TestClient, engine: Engine
) -> None:
    add_with_password(engine, "Ana")
    assert log_in(visitor, typed).status_code == 303


def test_whatever_is_wrong_the_answer_is_the_same(visitor: TestClient, engine: Engine) -> None:
    add_with_password(engine, "ana")
    add_person(engine, "bob")
    add_with_password(engine, "eva")
    with session_scope(engine) as session:
        session.exec(select(Person).where(Person.name == "eva")).one().disabled_at = utc_now()
    answers = [
        log_in(visitor, name, password)
        for name, password in (
            *(("ana", "wrong"), ("ana", ""), ("bob", PASSWORD), ("eva", PASSWORD)),
            *(("zoe", PASSWORD), ("", PASSWORD)),
        )
    ]
    names = ["ana", "ana", "bob", "eva", "zoe", ""]
    pages = {
        answer.text.replace(f'value="{name}"', 'value=""').replace(" autofocus", "")
        for name, answer in zip(names, answers, strict=True)
    }
    assert len(pages) == 1
    assert "do not fit" in pages.pop()
    assert {answer.status_code for answer in answers} == {401}
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert [entry.subject for entry in audited(engine)] == names
    assert {(entry.act, entry.actor) for entry in audited(engine)} == {(Act.LOGIN_FAILED, "")}


def test_no_password_is_shown_or_kept(visitor: TestClient, engine: Engine) -> None:
    answer = log_in(visitor, "ana", "typed by mistake")
    assert "typed by mistake" not in answer.text
    assert "typed by mistake" not in repr(audited(engine))


def test_what_was_tried_is_one_short_line_in_the_log(visitor: TestClient, engine: Engine) -> None:
    name = "a\x00b\n\u202ec" + "x" * 500
    answer = log_in(visitor, name)
    assert answer.status_code == 401
    (entry,) = audited(engine)
    assert entry.subject == f"a b c{'x' * 74}"


@pytest.mark.parametrize("made_up", [False, True])
def test_each_login_is_a_new_one_and_ends_the_one_before(
    made_up: bool, visitor: TestClient, engine: Engine
) -> None:
    add_with_password(engine, "ana")
    add_person(engine, "eve")
    planted = "A" * 32 if made_up else cookie_of(engine, "eve")
    visitor.cookies.set("stagelight", planted, domain="127.0.0.1")
    assert log_in(visitor).status_code == 303
    first = cookie_in(visitor)
    assert first != planted
    assert log_in(visitor).status_code == 303
    assert cookie_in(visitor) not in (first, planted)
    assert logins(engine) == 1


def test_a_hash_of_older_parameters_is_written_anew(visitor: TestClient, engine: Engine) -> None:
    add_person(engine, "ana")
    old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),)).hash(PASSWORD)
    with session_scope(engine) as session:
        session.exec(select(Person)).one().password_hash = old
    assert log_in(visitor).status_code == 303
    with read_scope(engine) as session:
        renewed = session.exec(select(Person.password_hash)).one()
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=65536,")


def test_who_is_disabled_while_the_password_is_checked_stays_out(
    visitor: TestClient, engine: Engine
) -> None:
    add_with_password(engine, "ana")
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(log_in(visitor).status_code))
    for _ in range(AT_WORK):
        WORK.acquire()
    try:
        with told_when_read(web_of(visitor).engine, "person") as read:
            thread.start()
            assert read.wait(10)
        with session_scope(engine) as session:
            session.exec(select(Person)).one().disabled_at = utc_now()
    finally:
        WORK.release(AT_WORK)
    thread.join(10)
    assert answers == [401]


def test_a_crowd_is_asked_to_come_again(visitor: TestClient) -> None:
    for _ in range(IN_LINE):
        assert LINE.acquire(blocking=False)
    try:
        answer = log_in(visitor)
    finally:
        LINE.release(IN_LINE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert 'name="password"' in answer.text


@pytest.fixture
def strict(settings: Settings, engine: Engine) -> FastAPI:
    """Two attempts a minute."""
    return create_app(settings.model_copy(update={"login_rate": "2/minute"}))


def test_one_address_cannot_try_many_names(strict: FastAPI) -> None:
    with browser_at(strict, "2001:db8::1") as client:
        assert [log_in(client, name).status_code for name in "ab"] == [401, 401]
    with browser_at(strict, "2001:db8::2") as client:
        answer = log_in(client, "c")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert "Too many attempts to log in" in text_of(answer.text)


def test_nor_many_addresses_one_name(strict: FastAPI, engine: Engine) -> None:
    add_with_password(engine, "ana")
    tries = [("10.0.0.1", "ana", "x"), ("10.0.0.2", "ANA", "y"), ("10.0.0.3", "ana", PASSWORD)]
    statuses = []
    for address, name, password in tries:
        with browser_at(strict, address) as client:
            statuses.append(log_in(client, name, password).status_code)
    assert statuses == [401, 401, 429], "not even with the right password"
    assert [entry.address for entry in audited(engine)] == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_an_address_counts_with_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    "path", ["/", "/runs/7", "/runs?q=a%20b&c=d", "/compare?base=1&head=2#x", "/loginx", "/a//b"]
)
def test_a_login_leads_back_to_the_page(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "runs", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example"),
        *("https://evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example"),
        *("/a\r\nSet-Cookie: b", "/a\\b", "/ä", "/a b", "/\x00", " /", "/" + "a" * 3000),
        *("/login", "/login?next=/login", "/login#x", "/login/oidc"),
    ],
)
def test_and_to_no_other(path: str, app: FastAPI, engine: Engine) -> None:
    assert own_path(path) == "/"
    add_person(engine, "ana")
    with logged_in(app, "ana") as client:
        answer = client.get("/login", params={"next": path})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_the_form_keeps_where_it_leads_and_what_was_typed(visitor: TestClient) -> None:
    page = visitor.get("/login", params={"next": "/runs/7"}).text
    assert '<input type="hidden" name="next" value="/runs/7">' in page
    assert "/login/oidc" not in page
    again = log_in(visitor, 'a"><b>', next="//evil.example").text
    assert "a&#34;&gt;&lt;b&gt;" in again
    assert "evil.example" not in again


def test_a_provider_is_offered_where_there_is_one() -> None:
    page = LoginPage("/runs?a=1&b=2", oidc="Keycloak")
    text = bytes(render(page, asker=None, unsandboxed_site=False).body).decode()
    assert text.count('<input type="hidden" name="next" value="/runs?a=1&amp;b=2">') == 2
    assert "Log in with Keycloak" in text


def test_who_is_logged_in_needs_no_form(app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ana")
    with logged_in(app, "ana") as client:
        answer = client.get("/login?next=/runs/7")
        assert (answer.status_code, answer.headers["location"]) == (303, "/runs/7")
        with session_scope(engine) as session:
            session.exec(select(Login)).one().expires_at = utc_now() - timedelta(seconds=1)
        assert client.get("/login").status_code == 200


def test_without_accounts_there_is_no_login(settings: Settings, engine: Engine) -> None:
    given = {"accounts": False, "public_url": "https://stage.example"}
    app = create_app(settings.model_copy(update=given))
    with stranger(app) as client:
        assert client.get("/login").headers["location"] == "/"
        assert log_in(client).status_code == 404
        far = client.get("/login", headers={"Host": "stage.example"})
        assert far.status_code == 404, "and not back to where it came from"


def test_a_logout_ends_the_login_and_takes_the_cookie(app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ana")
    with logged_in(app, "ana") as client:
        token = cookie_in(client)
        answer = client.post("/logout")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert answer.headers["clear-site-data"] == '"cache"'
        assert 'stagelight=""; ' in answer.headers["set-cookie"]
        assert "Max-Age=0" in answer.headers["set-cookie"]
        client.cookies.set(cookie_name(app.state.web.settings), token or "")
        assert client.get("/api/runs").status_code == 401, "nor does a copy of it open anything"
    assert logins(engine) == 0
    assert [(entry.act, entry.actor) for entry in audited(engine)] == [(Act.LOGOUT, "ana")]


def test_who_is_logged_out_already_comes_to_the_login_too(visitor: TestClient) -> None:
    answer = visitor.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_no_link_logs_out_and_no_other_site(app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ana")
    with logged_in(app, "ana") as client:
        assert client.get("/logout").status_code == 405
        cross = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        assert client.post("/logout", headers=cross).status_code == 403
        assert log_in(client, next="/").status_code == 401
        assert client.get("/api/runs").status_code == 200, "a failed login ends none"


def test_another_site_cannot_log_somebody_in(visitor: TestClient, engine: Engine) -> None:
    add_with_password(engine, "eve")
    visitor.headers.update({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    assert log_in(visitor, "eve").status_code == 403


def test_the_form_is_not_kept_and_takes_nothing_large(visitor: TestClient) -> None:
    assert visitor.get("/login").headers["cache-control"] == "no-store"
    answer = log_in(visitor, "ana", "x" * ENTRY_BYTES)
    assert answer.status_code == 413
    assert answer.headers["cache-control"] == "no-store"
    assert "The request has" in answer.text, "it uploads nothing"


def test_over_https_the_cookie_stays_there(settings: Settings, engine: Engine) -> None:
    add_with_password(engine, "ana")
    app = create_app(settings.model_copy(update={"public_url": "https://stage.example"}))
    with stranger(app) as client:
        cookie = log_in(client).headers["set-cookie"]
        assert cookie.startswith("__Host-stagelight=")
        assert "Secure" in cookie
