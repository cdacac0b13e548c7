"""One's own account: sessions, and the password."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.browsers import browser_words
from app.cookies import cookie_name
from app.db import read_scope, session_scope
from app.main import create_app
from app.models import Act, Audit, Login, Person
from app.models.columns import utc_now
from app.services import accounts
from app.services.logins import MOST, end_logins, start_login
from app.services.passwords import check_password, set_password
from app.settings import Settings
from tests.people_support import add_person, logged_in, stranger
from tests.web_support import rows, text_of

pytestmark = pytest.mark.accounts

OLD, NEW = "correct battery staple", "a horse of another colour"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def log_in(engine: Engine, person_id: int = 1, agent: str = FIREFOX) -> str:
    """The token of another session of somebody's."""
    with session_scope(engine) as session:
        person = session.get_one(Person, person_id)
        return start_login(session, person, days=1, address="10.1.2.3", agent=agent)[1]


def acts(engine: Engine) -> list[tuple[str, str, dict[str, object]]]:
    with read_scope(engine) as session:
        rows = session.exec(select(Audit).order_by(col(Audit.id))).all()
    return [(row.actor, row.act.value, row.detail) for row in rows]


def test_of_very_many_sessions_the_one_ends_that_was_not_seen_for_longest(engine: Engine) -> None:
    people = [add_person(engine, name) for name in ("ana", "ben")]
    with session_scope(engine) as session:
        logins = [start_login(session, one, days=1)[0] for one in people for _ in range(MOST)]
        logins[7].seen_at -= timedelta(minutes=1)
        logins.append(start_login(session, people[0], days=1)[0])
    with read_scope(engine) as session:
        kept = session.exec(select(Login.id).order_by(col(Login.id))).all()
    assert kept == [one.id for one in logins if one is not logins[7]]


def test_the_page_says_who_one_is_and_where_one_is_logged_in(
    ana: TestClient, engine: Engine
) -> None:
    log_in(engine)
    log_in(engine, agent="<img src=x>\x1b[31m")
    text = text_of(ana.get("/account").text)
    assert "ana Your role is member" in text
    assert "Sessions 3" in text
    assert "Firefox on Linux 10.1.2.3 just now" in text
    assert "An unknown browser this one" in text
    assert "<img" not in ana.get("/account").text


def test_the_page_says_how_much_one_has_used_up(ana: TestClient) -> None:
    text = text_of(ana.get("/account").text)
    assert "Quotas Runs 0 of 50 queued or running Worker time 0 of 1,440 minutes" in text


def test_the_same_is_json(ana: TestClient, engine: Engine) -> None:
    log_in(engine)
    account = ana.get("/api/account").json()
    assert (account["name"], account["role"], account["password"]) == ("ana", "member", False)
    other, this = ana.get("/api/account/sessions").json()["sessions"]
    assert (this["id"], this["current"]) == (1, True)
    assert (other["id"], other["current"], other["browser"]) == (2, False, "Firefox on Linux")
    assert other["address"] == "10.1.2.3"
    assert "token" not in str(other)


def test_a_session_that_was_ended_opens_nothing(
    ana: TestClient, app: FastAPI, engine: Engine, settings: Settings
) -> None:
    token = log_in(engine)
    with stranger(app) as lost:
        lost.cookies.set(cookie_name(settings), token)
        assert lost.get("/api/runs").status_code == 200
        answer = ana.post("/account/sessions/2/revoke")
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
        assert lost.get("/api/runs").status_code == 401
    assert ana.delete("/api/account/sessions/2").status_code == 404
    assert acts(engine) == [("ana", Act.LOGIN_REVOKED, {"login": 2})]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/account/sessions/revoke"), ("DELETE", "/api/account/sessions")],
)
def test_all_others_end_and_this_one_stays(
    method: str, path: str, ana: TestClient, engine: Engine
) -> None:
    add_person(engine, "ben")
    for person in (1, 1, 2):
        log_in(engine, person)
    for _ in range(2):  # the second time there are none
        assert ana.request(method, path).status_code in (204, 303)
    with read_scope(engine) as session:
        left = session.exec(select(Login.id)).all()
    assert left == [1, 4], "this one, and that of somebody else"
    assert acts(engine) == [("ana", Act.LOGIN_REVOKED, {"others": 2})]


def test_nobody_ends_the_session_of_somebody_else(ana: TestClient, engine: Engine) -> None:
    add_person(engine, "ben")
    log_in(engine, 2)
    for answer in (
        ana.post("/account/sessions/2/revoke"),
        ana.delete("/api/account/sessions/2"),
        ana.delete("/api/account/sessions/99"),
    ):
        assert answer.status_code == 404
    assert rows(engine, Login) == 2


def test_ones_own_session_can_be_ended_too(ana: TestClient) -> None:
    assert ana.delete("/api/account/sessions/1").status_code == 204
    assert ana.get("/api/account").status_code == 401


def change(client: TestClient, old: str, new: str) -> tuple[int, str]:
    answer = client.post("/account/password", data={"old": old, "new": new})
    return answer.status_code, answer.headers.get("location", text_of(answer.text))


def give_password(engine: Engine) -> None:
    with session_scope(engine) as session:
        set_password(session, session.get_one(Person, 1), OLD)


def has_password(engine: Engine, text: str) -> bool:
    with read_scope(engine) as session:
        return check_password(session.get_one(Person, 1), text)


def test_a_password_is_changed_by_who_knows_the_old_one(ana: TestClient, engine: Engine) -> None:
    give_password(engine)
    log_in(engine)
    status, said = change(ana, "a guess at it", NEW)
    assert (status, "The old password is not right." in said) == (422, True)
    status, said = change(ana, OLD, "short")
    assert (status, "it needs 12" in said) == (422, True)
    assert has_password(engine, OLD)
    assert rows(engine, Login) == 2
    assert change(ana, OLD, NEW) == (303, "/account?done=password")
    assert "The password is changed" in ana.get("/account?done=password").text
    assert has_password(engine, NEW)
    assert not has_password(engine, OLD)
    assert rows(engine, Login) == 1, "the others have ended"
    assert acts(engine) == [
        ("ana", Act.LOGIN_FAILED, {"at": "/account"}),
        ("ana", Act.PASSWORD_CHANGED, {}),
    ]


def test_who_logs_in_elsewhere_has_none_to_change(ana: TestClient) -> None:
    assert "no password of yours is kept here" in text_of(ana.get("/account").text)
    status, said = change(ana, "", NEW)
    assert (status, "Your account has no password here" in said) == (409, True)


def test_a_login_that_ends_meanwhile_changes_nothing(
    ana: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_password(engine)

    def check_and_reset(person: Person, text: str) -> bool:
        with session_scope(engine) as session:  # by a link, while the old password is checked
            end_logins(session, 1)
        return check_password(person, text)

    monkeypatch.setattr(accounts, "check_password", check_and_reset)
    assert change(ana, OLD, NEW)[0] == 401
    assert has_password(engine, OLD)


def test_the_old_password_cannot_be_guessed_for_long(settings: Settings, engine: Engine) -> None:
    add_person(engine, "ana")
    app = create_app(settings.model_copy(update={"login_rate": "2/minute"}))
    with logged_in(app, "ana") as client:
        assert [change(client, "a guess", NEW)[0] for _ in range(3)] == [409, 409, 429]


@pytest.mark.parametrize("path", ["/account", "/api/account", "/api/account/tokens"])
def test_nobody_has_an_account(path: str, app: FastAPI) -> None:
    with stranger(app) as client:
        assert client.get(path).status_code == (401 if path.startswith("/api") else 303)


def test_without_accounts_it_says_how_to_have_them(settings: Settings, engine: Engine) -> None:
    app = create_app(settings.model_copy(update={"accounts": False}))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.get("/account")
        assert answer.status_code == 404
        assert "STAGELIGHT_ACCOUNTS=true" in answer.text
        assert client.get("/api/account").json()["error"]["code"] == "not_found"


def test_an_expired_session_is_not_listed(ana: TestClient, engine: Engine) -> None:
    log_in(engine)
    with session_scope(engine) as session:
        session.get_one(Login, 2).expires_at = utc_now()
    assert len(ana.get("/api/account/sessions").json()["sessions"]) == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/18.4 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        ("curl/8.14.1", "curl"),
        ("Something (Linux)", "A browser on Linux"),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_told_in_words(agent: str, words: str) -> None:
    assert browser_words(agent) == words
