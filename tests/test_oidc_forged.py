"""What a good OpenID Connect provider never says: none of it logs anybody in."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import Engine
from sqlmodel import select

from app.db import session_scope
from app.models import Act, Audit, Login, Person
from app.services import oidc_wire
from app.services.oidc import (
    TURNS,
    NotBelievedError,
    Provider,
    ProviderDownError,
    SaidNoError,
)
from app.settings import Settings
from tests.oidc_support import (
    CLIENT_ID,
    DISCOVERY,
    REDIRECT_URI,
    SECRET,
    Forger,
    ask,
    begin,
    come_back,
    dance,
    forging,
    hand_made,
    new_key,
)
from tests.people_support import stranger
from tests.web_support import text_of

ES256 = {"alg": "ES256", "kid": "one"}
HS256 = {"alg": "HS256", "kid": "one"}
ELSEWHERE = "http://login.example"  # not sealed, and not this machine


@pytest.fixture
def forger() -> Iterator[Forger]:
    with forging() as forger:
        yield forger


@pytest.fixture
def settings(settings: Settings, forger: Forger) -> Settings:
    return settings.model_copy(update=forger.settings() | {"oidc_role": "member"})


@pytest.fixture
def provider(settings: Settings) -> Provider:
    return Provider(settings)


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    with stranger(app) as client:
        yield client


def failures(engine: Engine) -> list[object]:
    """Why logins failed, by the audit log; nobody got in."""
    with session_scope(engine) as session:
        rows = session.exec(select(Audit).where(Audit.act == Act.LOGIN_FAILED)).all()
        assert [*session.exec(select(Person)), *session.exec(select(Login))] == []
        return [row.detail["why"] for row in rows]


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": "another", "azp": CLIENT_ID},
        {"aud": ["another"], "azp": CLIENT_ID},
        {"aud": None},
        {"aud": []},
        {"aud": f"{CLIENT_ID}2"},
        {"aud": [CLIENT_ID, "another"]},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"azp": "another"},
        {"iss": "https://login.example"},
        {"iss": None},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"exp": "never"},
        {"exp": float("nan")},
        {"iat": int(time.time()) + 3600},
        {"iat": None},
        {"nbf": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"at_hash": "bm90IG9mIHRoaXMgb25l"},
    ],
    ids=",".join,
)
def test_claims_that_are_not_ours(
    claims: dict[str, Any], provider: Provider, forger: Forger
) -> None:
    forger.claims = claims
    with pytest.raises(NotBelievedError):
        ask(provider, forger)


def test_who_is_not_believed_is_not_let_in(
    browser: TestClient, engine: Engine, forger: Forger
) -> None:
    forger.claims = {"nonce": "another"}
    answer = dance(browser, forger, next="/runs")
    assert answer.status_code == 502
    assert "what came back does not hold" in text_of(answer.text)
    assert '<input type="hidden" name="next" value="/runs">' in answer.text
    assert "stagelight" not in browser.cookies
    assert failures(engine) == ["oidc_not_believed"]


def public_pem(forger: Forger) -> bytes:
    assert isinstance(forger.key, ECKey)
    return forger.key.as_pem(private=False)


def public_json(forger: Forger) -> bytes:
    return json.dumps(forger.key.as_dict(private=False)).encode()


@pytest.mark.parametrize(
    "forge",
    [
        lambda forger: hand_made({"alg": "none"}, forger.said()),
        lambda forger: hand_made({"alg": "none", "kid": "one"}, forger.said()),
        lambda forger: hand_made({"alg": "None", "kid": "one"}, forger.said()),
        lambda forger: hand_made(ES256, forger.said()),
        lambda forger: hand_made(HS256, forger.said(), public_pem(forger)),
        lambda forger: hand_made(HS256, forger.said(), public_json(forger)),
        lambda forger: hand_made(HS256, forger.said(), SECRET.encode()),
        lambda forger: hand_made({"alg": ["ES256"], "kid": "one"}, forger.said()),
        lambda forger: hand_made({"alg": "ES256", "kid": ["one"]}, forger.said(), b"x"),
        lambda forger: hand_made(ES256 | {"crit": ["b64"], "b64": False}, forger.said(), b"x"),
        lambda forger: forger.id_token()[:-8] + "AAAAAAAA",
        lambda forger: forger.id_token() + "." + forger.id_token(),
        lambda forger: "eyJhbGciOiJFUzI1NiJ9.eyJhIjoxfQ." + "A" * 300_000,
        lambda forger: hand_made(ES256, {"a": "[" * 100_000}, b"x"),
        lambda forger: "",
        lambda forger: "no token",
    ],
)
def test_tokens_that_nobody_signed(
    forge: Callable[[Forger], str], provider: Provider, forger: Forger
) -> None:
    start = provider.start(REDIRECT_URI)
    forger.nonce = start.nonce
    token = forge(forger)
    forger.answers["/token"] = 200, forger.tokens(token)
    with pytest.raises(NotBelievedError):
        ask(provider, forger)


def test_another_key_by_the_same_name(provider: Provider, forger: Forger) -> None:
    ask(provider, forger)
    forger.key = new_key("one")
    with pytest.raises(NotBelievedError):
        ask(provider, forger)
    assert forger.paths().count("/keys") == 1


def test_a_new_key_is_asked_for_once(provider: Provider, forger: Forger) -> None:
    ask(provider, forger)
    forger.key, forger.header = new_key("two"), {"alg": "ES256", "kid": "two"}
    assert ask(provider, forger).name == "ana"
    assert forger.paths().count("/keys") == 2
    forger.header = {"alg": "ES256", "kid": "three"}
    with pytest.raises(NotBelievedError):
        ask(provider, forger)
    assert forger.paths().count("/keys") == 3


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("alg", ["RS256", "PS256", "EdDSA", "Ed25519"])
def test_signatures_that_are_taken(alg: str, provider: Provider, forger: Forger) -> None:
    if alg.endswith("S256"):
        forger.key = RSAKey.generate_key(2048, {"kid": "one"})
    else:
        forger.key = OKPKey.generate_key("Ed25519", {"kid": "one"})
    forger.header = {"alg": alg, "kid": "one", "of_their_own": True}
    assert ask(provider, forger).subject == "248289761001"


def test_keys_that_are_for_something_else(provider: Provider, forger: Forger) -> None:
    keys = [
        new_key("two").as_dict(private=False) | {"use": "enc"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
        forger.key.as_dict(private=False),
    ]
    forger.answers["/keys"] = 200, {"keys": keys}
    forger.header = {"alg": "ES256"}
    assert ask(provider, forger).name == "ana"


def test_userinfo_of_somebody_else(provider: Provider, forger: Forger) -> None:
    forger.claims = {"preferred_username": None}
    forger.answers["/userinfo"] = 200, {"sub": "another", "name": "Another"}
    with pytest.raises(NotBelievedError):
        ask(provider, forger)


@pytest.mark.parametrize(
    ("promised", "named", "holds"),
    [
        (False, "", True),
        (False, "self", True),
        (False, "https://login.example", False),
        (True, "self", True),
        (True, "", False),
    ],
)
def test_a_provider_that_names_itself(
    promised: bool, named: str, holds: bool, provider: Provider, forger: Forger
) -> None:
    known = forger.discovery(authorization_response_iss_parameter_supported=promised)
    forger.answers[DISCOVERY] = 200, known
    brought = {"iss": forger.issuer if named == "self" else named}
    if holds:
        assert ask(provider, forger, **brought).name == "ana"
        return
    with pytest.raises(NotBelievedError):
        ask(provider, forger, **brought)
    assert "/token" not in forger.paths()


def test_what_it_says_went_wrong_is_only_words(
    browser: TestClient, engine: Engine, forger: Forger
) -> None:
    said = "<script>alert(1)</script>\r\nSet-Cookie: a=b\u202e" + "x" * 5000
    answer = come_back(browser, begin(browser), error="access_denied", error_description=said)
    assert answer.status_code == 403
    assert "access_denied: &lt;script&gt;alert(1)&lt;/script&gt; Set-Cookie: a=bxxx" in (
        answer.text.replace(" x", "x")
    )
    assert "x" * 300 not in answer.text
    assert "\u202e" not in answer.text
    assert [one.split("=")[0] for one in answer.headers.get_list("set-cookie")] == [
        "stagelight-oidc"
    ]
    assert failures(engine) == ["oidc_said_no"]
    assert "/token" not in forger.paths()


def test_nothing_at_all_came_back(provider: Provider, forger: Forger) -> None:
    with pytest.raises(SaidNoError):
        ask(provider, forger, code="")


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (404, {}),
        (200, b"<html>\r\nnot here"),
        (200, b"\xff\xfe"),
        (200, []),
        (200, {}),
        (200, b"{" + b" " * 2**20 + b"}"),
        (200, b"[" * 100_000),
        (302, {}),
    ],
    ids=lambda answer: f"{answer[0]} {str(answer[1])[:20]}",
)
@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/keys", "/userinfo"])
def test_answers_that_cannot_be_used(
    path: str, answer: tuple[int, Any], provider: Provider, forger: Forger
) -> None:
    forger.claims = {"preferred_username": None}
    forger.answers[path] = answer
    with pytest.raises(ProviderDownError):
        ask(provider, forger)


def test_no_more_is_read_than_anybody_needs(provider: Provider, forger: Forger) -> None:
    forger.answers[DISCOVERY] = 200, json.dumps(forger.discovery()).encode() + b" " * 2**20
    with pytest.raises(ProviderDownError):
        provider.start(REDIRECT_URI)


def test_nor_for_longer_than_anybody_waits(
    provider: Provider, forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_wire, "SECONDS", 0.2)  # also for each byte
    forger.drip = 0.01
    with pytest.raises(ProviderDownError):
        provider.start(REDIRECT_URI)


@pytest.mark.parametrize("path", [DISCOVERY, "/token"])
def test_without_an_answer_a_password_goes_on(
    path: str, browser: TestClient, forger: Forger
) -> None:
    forger.answers[path] = 500, {}
    if path == DISCOVERY:
        said = browser.post("/login/oidc", data={"next": "/runs"})
    else:
        said = dance(browser, forger, next="/runs")
    assert said.status_code == 502
    text = text_of(said.text)
    assert "The login with Forger does not work: there is no answer that can be used." in text
    assert '<input type="hidden" name="next" value="/runs">' in said.text
    assert '<input name="password"' in said.text


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://login.example"},
        {"issuer": None},
        {"token_endpoint": f"{ELSEWHERE}/token"},
        {"jwks_uri": f"{ELSEWHERE}/keys"},
        {"userinfo_endpoint": f"{ELSEWHERE}/userinfo"},
        {"authorization_endpoint": f"{ELSEWHERE}/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://login.example/\r\nSet-Cookie: a=b"},
        {"authorization_endpoint": "https://[login.example/"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": 7},
    ],
    ids=repr,
)
def test_a_provider_that_sends_people_elsewhere(
    changed: dict[str, Any], provider: Provider, forger: Forger
) -> None:
    forger.answers[DISCOVERY] = 200, forger.discovery(**changed)
    with pytest.raises(ProviderDownError):
        provider.start(REDIRECT_URI)
    assert forger.paths() == [DISCOVERY]


@pytest.mark.parametrize(
    "said",
    [
        {"error": "invalid_grant", "error_description": "x\r\nforged line"},
        {"error": {"a": []}},
        {"access_token": "a", "id_token": 7},
        {"access_token": None, "id_token": "a"},
        {"access_token": "a", "id_token": "a", "expires_in": {"a": 1}},
        {"access_token": "a", "id_token": "a", "expires_at": []},
        {"access_token": "a", "id_token": "a", "expires_in": 1e400},
    ],
    ids=repr,
)
def test_codes_that_are_not_redeemed(
    said: dict[str, Any], provider: Provider, forger: Forger, caplog: pytest.LogCaptureFixture
) -> None:
    forger.answers["/token"] = 200, said
    with caplog.at_level(logging.WARNING), pytest.raises(ProviderDownError):
        ask(provider, forger)
    (line,) = [one.getMessage() for one in caplog.records if one.name == "app.services.oidc"]
    assert len(line.splitlines()) == 1
    assert SECRET not in line


def test_a_provider_that_is_not_there(settings: Settings) -> None:
    with forging() as gone:
        provider = Provider(settings.model_copy(update=gone.settings()))
    with pytest.raises(ProviderDownError):
        provider.start(REDIRECT_URI)


def test_a_slow_one_does_not_take_all_threads(
    app: FastAPI, browser: TestClient, forger: Forger
) -> None:
    app.state.web.settings.login_rate = f"{TURNS + 2}/minute"
    forger.wait.clear()
    threads = [threading.Thread(target=browser.post, args=("/login/oidc",)) for _ in range(TURNS)]
    for thread in threads:
        thread.start()
    while len(forger.asked) < TURNS:
        time.sleep(0.01)
    answer = browser.post("/login/oidc")
    forger.wait.set()
    for thread in threads:
        thread.join()
    assert answer.status_code == 503
    assert browser.post("/login/oidc").status_code == 200
