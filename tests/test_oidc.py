"""Login with OpenID Connect: the way there and back, and whose account it opens."""

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import select

from app.cookies import flow_cookie_name
from app.db import session_scope
from app.main import create_app
from app.models import Act, Audit, Invite, Login, OidcFlow, Person, PersonRole
from app.models.columns import utc_now
from app.services.invites import make_invite, make_reset
from app.settings import Settings
from tests.oidc_support import (
    CLIENT_ID,
    DISCOVERY,
    SECRET,
    Forger,
    begin,
    come_back,
    dance,
    forging,
)
from tests.people_support import add_person, asker_of, stranger
from tests.web_support import Seed, text_of


@pytest.fixture
def forger() -> Iterator[Forger]:
    with forging() as forger:
        yield forger


@pytest.fixture
def settings(settings: Settings, forger: Forger) -> Settings:
    return settings.model_copy(update=forger.settings("Example <ID>"))


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    with stranger(app) as client:
        yield client


@pytest.fixture
def team_role(settings: Settings) -> None:
    """Who comes without an invite becomes a member."""
    settings.oidc_role = "member"


def invited(engine: Engine, role: PersonRole = PersonRole.MEMBER, name: str = "") -> str:
    """The token of a new invite."""
    with session_scope(engine) as session:
        return make_invite(session, asker_of(boss(engine)), role, name)[1]


def boss(engine: Engine) -> Person:
    with session_scope(engine) as session:
        known = session.exec(select(Person).where(Person.name == "boss")).one_or_none()
    return known or add_person(engine, "boss", PersonRole.ADMIN)


def person(engine: Engine, name: str) -> Person:
    with session_scope(engine) as session:
        return session.exec(select(Person).where(Person.name == name)).one()


def names(engine: Engine) -> set[str]:
    with session_scope(engine) as session:
        return set(session.exec(select(Person.name)))


def last_act(engine: Engine) -> tuple[str, Act, dict[str, object]]:
    """Of the audit log: who, what, and the detail."""
    with session_scope(engine) as session:
        act = session.exec(select(Audit).order_by(Audit.id.desc())).first()  # type: ignore[union-attr]
        assert act is not None
        return act.actor, act.act, act.detail


def test_the_login_page_offers_it(browser: TestClient) -> None:
    html = browser.get("/login?next=/runs/7%3Fa%3Db").text
    assert "Log in with Example &lt;ID&gt;" in html
    (form,) = re.findall(r'<form id="oidc" method="post" action="/login/oidc">(.+)</form>', html)
    assert form == '<input type="hidden" name="next" value="/runs/7?a=b">'
    assert '<button class="button" form="oidc">' in html
    assert browser.post("/login", data={"name": "a", "password": "b"}).text.count("oidc") == 3


def test_without_a_provider_there_is_none_of_it(settings: Settings, engine: Engine) -> None:
    app = create_app(settings.model_copy(update={"oidc_issuer": ""}))
    with stranger(app) as browser:
        assert "oidc" not in browser.get("/login").text
        assert browser.post("/login/oidc").status_code == 404
        assert browser.get("/login/oidc/callback").status_code == 404


def test_the_way_there(browser: TestClient, forger: Forger) -> None:
    answer = browser.post("/login/oidc", data={"next": "/runs"})
    assert answer.status_code == 200, "a redirect would be held to the policy's form-action"
    url = answer.headers["refresh"].removeprefix("0; url=")
    assert f'href="{url.replace("&", "&amp;")}"' in answer.text
    assert url.startswith(f"{forger.issuer}/authorize?tenant=a&")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("stagelight-oidc=")
    for rule in ("HttpOnly", "SameSite=lax", "Max-Age=600", "Path=/"):
        assert rule in cookie
    asked = begin(browser)
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT_ID
    assert asked["scope"] == "openid profile"
    assert asked["redirect_uri"] == "http://127.0.0.1/login/oidc/callback"
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


def test_over_https_the_cookie_is_held_to_the_host(settings: Settings, engine: Engine) -> None:
    app = create_app(settings.model_copy(update={"public_url": "https://stage.example/at"}))
    with stranger(app) as browser:
        answer = browser.post("/login/oidc")
        assert (
            "redirect_uri=https%3A%2F%2Fstage.example%2Fat%2Flogin%2Foidc%2Fcallback"
            in (answer.headers["refresh"])
        )
        assert answer.headers["set-cookie"].startswith("__Host-stagelight-oidc=")
        assert "Secure" in answer.headers["set-cookie"]


def test_no_other_site_can_begin_it(browser: TestClient) -> None:
    answer = browser.post("/login/oidc", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert browser.get("/login/oidc").status_code == 405


@pytest.mark.parametrize("role", PersonRole)
def test_an_invite_makes_an_account(
    role: PersonRole, browser: TestClient, engine: Engine, forger: Forger
) -> None:
    token = invited(engine, role)
    page = browser.get(f"/invite/{token}").text
    assert "Join with Example &lt;ID&gt;" in page
    assert f'<input type="hidden" name="invite" value="{token}">' in page
    answer = dance(browser, forger, invite=token)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    ana = person(engine, "ana")
    assert (ana.role, ana.issuer, ana.subject) == (role, forger.issuer, "248289761001")
    assert ana.password_hash is None
    assert browser.get("/api/runs").status_code == 200
    actor, act, detail = last_act(engine)
    assert (actor, act) == ("ana", Act.PERSON_JOINED)
    assert detail == {"oidc": True, "role": role.value, "invite": 1, "by": "boss"}
    assert browser.get(f"/invite/{token}").status_code == 404
    with session_scope(engine) as session:
        assert session.exec(select(Invite)).one().used_at is not None
        assert session.exec(select(OidcFlow)).all() == []


@pytest.mark.usefixtures("team_role")
def test_who_is_known_is_let_in_and_led_back(
    browser: TestClient, engine: Engine, forger: Forger
) -> None:
    dance(browser, forger)
    assert last_act(engine)[2] == {"oidc": True, "role": "member"}
    first = browser.cookies["stagelight"]
    forger.claims = {"preferred_username": "another name", "email": "new@example.com"}
    answer = dance(browser, forger, next="/runs/7?a=b", invite=invited(engine))
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs/7?a=b")
    assert names(engine) == {"ana", "boss"}
    assert last_act(engine) == ("ana", Act.LOGIN, {"oidc": True})
    assert browser.cookies["stagelight"] != first
    assert "stagelight-oidc" not in browser.cookies
    with session_scope(engine) as session:
        assert len(session.exec(select(Login)).all()) == 1, "the old login ended"
        assert session.exec(select(Invite)).one().used_at is None


def test_a_code_is_redeemed_as_it_was_asked_for(browser: TestClient, forger: Forger) -> None:
    asked = begin(browser)
    come_back(browser, asked)
    assert forger.paths() == [DISCOVERY, "/token", "/keys"]
    form = forger.asked[1][1]
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert form["redirect_uri"] == asked["redirect_uri"]
    assert (form["grant_type"], form["code"]) == ("authorization_code", "c0de")
    basic = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
    assert forger.headers[1]["Authorization"] == f"Basic {basic}"


@pytest.mark.parametrize(
    ("secret", "form"),
    [(SECRET, {"client_id": CLIENT_ID, "client_secret": SECRET}), (None, {"client_id": CLIENT_ID})],
)
def test_a_client_shows_itself_as_the_provider_wants(
    secret: str | None, form: dict[str, str], settings: Settings, engine: Engine, forger: Forger
) -> None:
    known = forger.discovery(token_endpoint_auth_methods_supported=["client_secret_post"])
    forger.answers[DISCOVERY] = 200, known
    given = {"oidc_client_secret": secret and SecretStr(secret)}
    with stranger(create_app(settings.model_copy(update=given))) as browser:
        dance(browser, forger)
    sent = forger.asked[1][1]
    assert {key: one for key, one in sent.items() if key.startswith("client_")} == form
    assert "Authorization" not in forger.headers[1]


def test_what_the_provider_says_of_itself_is_kept(browser: TestClient, forger: Forger) -> None:
    for _ in range(3):
        dance(browser, forger)
    assert forger.paths().count(DISCOVERY) == 1
    assert forger.paths().count("/keys") == 1


@pytest.mark.parametrize("problem", ["state", "no state", "no cookie", "cookie", "late", "again"])
def test_only_this_browser_comes_back_and_once(
    problem: str, app: FastAPI, browser: TestClient, engine: Engine, forger: Forger
) -> None:
    asked = begin(browser)
    forger.nonce = asked["nonce"]
    with stranger(app) as other:
        others = begin(other)
        match problem:
            case "state":
                asked = others
            case "no state":
                asked = {"state": ""}
            case "no cookie":
                browser.cookies.clear()
            case "cookie":
                browser.cookies = other.cookies
            case "late":
                with session_scope(engine) as session:
                    for flow in session.exec(select(OidcFlow)):
                        flow.expires_at = utc_now() - timedelta(seconds=1)
            case "again":
                cookie = browser.cookies[flow_cookie_name(app.state.web.settings)]
                assert come_back(browser, asked).status_code == 403
                browser.cookies.set("stagelight-oidc", cookie)
        answer = come_back(browser, asked, error="said_by", error_description="a stranger")
    assert answer.status_code == 400
    text = text_of(answer.text)
    assert "not begun in this browser, or too long ago" in text
    assert "stranger" not in text, "it is not the provider who says so"
    assert forger.paths().count("/token") == (problem == "again")


def test_logins_that_ended_are_swept(browser: TestClient, engine: Engine) -> None:
    begin(browser)
    with session_scope(engine) as session:
        session.exec(select(OidcFlow)).one().expires_at = utc_now()
    begin(browser)
    with session_scope(engine) as session:
        assert len(session.exec(select(OidcFlow)).all()) == 1


def test_a_flow_keeps_no_token(browser: TestClient, engine: Engine) -> None:
    asked = begin(browser)
    with session_scope(engine) as session:
        kept = session.exec(select(OidcFlow)).one().model_dump_json()
    assert asked["state"] not in kept
    assert browser.cookies["stagelight-oidc"] not in kept


def test_attempts_are_counted(browser: TestClient, settings: Settings) -> None:
    tries = int(settings.login_rate.partition("/")[0])
    assert {browser.post("/login/oidc").status_code for _ in range(tries)} == {200}
    answer = browser.post("/login/oidc")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Too many attempts to log in" in text_of(answer.text)


def test_a_stranger_needs_an_invite(browser: TestClient, engine: Engine, forger: Forger) -> None:
    answer = dance(browser, forger)
    assert answer.status_code == 403
    assert "ana has no account here. Ask an admin for an invite." in text_of(answer.text)
    assert names(engine) == set()
    assert "stagelight" not in browser.cookies
    assert last_act(engine) == ("", Act.LOGIN_FAILED, {"oidc": True, "why": "oidc_no_account"})


def test_nobody_is_known_by_name_or_address(
    browser: TestClient, engine: Engine, forger: Forger
) -> None:
    add_person(engine, "ana", PersonRole.ADMIN)
    forger.claims = {"email": "ana@example.com", "email_verified": True}
    assert dance(browser, forger).status_code == 403
    assert person(engine, "ana").subject is None


def test_a_subject_of_another_provider_is_somebody_else(
    browser: TestClient, engine: Engine, forger: Forger
) -> None:
    add_person(engine, "dora", PersonRole.ADMIN)
    with session_scope(engine) as session:
        dora = session.exec(select(Person)).one()
        dora.issuer, dora.subject = "https://login.example", "248289761001"
    assert dance(browser, forger).status_code == 403


@pytest.mark.usefixtures("team_role")
def test_who_is_disabled_is_not_let_in(browser: TestClient, engine: Engine, forger: Forger) -> None:
    dance(browser, forger)
    with session_scope(engine) as session:
        session.exec(select(Person)).one().disabled_at = utc_now()
    answer = dance(browser, forger)
    assert answer.status_code == 403
    assert "The account ana is disabled." in text_of(answer.text)
    assert last_act(engine)[1:] == (Act.LOGIN_FAILED, {"oidc": True, "why": "oidc_disabled"})


def test_an_invite_must_hold_until_the_end(
    browser: TestClient, engine: Engine, forger: Forger
) -> None:
    asked = begin(browser, invite=invited(engine))
    forger.nonce = asked["nonce"]
    with session_scope(engine) as session:
        session.exec(select(Invite)).one().revoked_at = utc_now()
    assert come_back(browser, asked).status_code == 404
    assert names(engine) == {"boss"}
    assert browser.post("/login/oidc", data={"invite": "guessed"}).status_code == 404


def test_a_new_password_is_no_invite(browser: TestClient, engine: Engine, forger: Forger) -> None:
    with session_scope(engine) as session:
        token = make_reset(session, asker_of(boss(engine)), boss(engine))[1]
    assert "oidc" not in browser.get(f"/invite/{token}").text
    assert dance(browser, forger, invite=token).status_code == 404
    assert person(engine, "boss").subject is None
    with session_scope(engine) as session:
        assert session.exec(select(Invite)).one().used_at is None


@pytest.mark.usefixtures("team_role")
@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "Bo", "name": "Bo Long"}, "Bo"),
        ({"preferred_username": None, "name": " Bo \u202e\n Long "}, "Bo Long"),
        ({"preferred_username": 7, "nickname": ["x"], "name": ""}, "Ana of userinfo"),
        ({"preferred_username": "ANA"}, "ANA 2"),
        ({"preferred_username": "old"}, "old 2"),
        ({"preferred_username": "x" * 200}, "x" * 76),
    ],
)
def test_a_new_account_is_called_as_there(
    claims: dict[str, object],
    name: str,
    browser: TestClient,
    engine: Engine,
    forger: Forger,
    seed: Seed,
) -> None:
    add_person(engine, "ana")
    seed.run(owner="old")
    seed.session.commit()
    forger.claims = claims
    assert dance(browser, forger).status_code == 303
    assert names(engine) == {"ana", name}


@pytest.mark.usefixtures("team_role")
def test_without_a_name_there_the_subject_is_one(
    browser: TestClient, engine: Engine, forger: Forger
) -> None:
    forger.claims = {"preferred_username": None}
    forger.answers[DISCOVERY] = (
        200,
        forger.discovery(userinfo_endpoint=None),
    )
    assert dance(browser, forger).status_code == 303
    assert names(engine) == {"248289761001"}


def test_an_invite_names_who_it_is_for(browser: TestClient, engine: Engine, forger: Forger) -> None:
    assert dance(browser, forger, invite=invited(engine, name="Ana Lee")).status_code == 303
    assert names(engine) == {"boss", "Ana Lee"}
