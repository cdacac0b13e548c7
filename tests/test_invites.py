"""Invites: who joins by one, as what, and that each opens once."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from sqlmodel import select

from app.db import read_scope, session_scope
from app.errors import NotFoundError, StagelightError
from app.main import create_app
from app.models import Act, Invite, Login, Person, PersonRole, SavedFilter
from app.models.columns import utc_now
from app.services.asker import Asker, Via
from app.services.audit import record
from app.services.entry import Visit, join
from app.services.invites import (
    find_invite,
    invite_first_admin,
    invite_url,
    make_invite,
    make_reset,
    open_invites,
    revoke_invite,
)
from app.services.passwords import check_password
from app.services.person_names import BadNameError, NameTakenError, name_key
from app.services.storage import BlobStore
from app.services.tokens import new_token
from app.settings import Settings
from tests.entry_support import PASSWORD, add_with_password, audited, browser_at, log_in
from tests.people_support import add_person, cookie_of, logged_in, stranger
from tests.web_support import seeding, text_of

ADMIN = Asker("root", PersonRole.ADMIN, Via.CONSOLE)
VISIT = Visit("10.0.0.1", "Firefox", "", 1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"accounts": True})


@pytest.fixture
def visitor(app: FastAPI) -> Iterator[TestClient]:
    """A browser in which nobody is logged in."""
    with stranger(app) as client:
        yield client


def invited(
    engine: Engine, role: PersonRole = PersonRole.MEMBER, name: str = "", days: float = 7
) -> str:
    """The token of a new invite."""
    with session_scope(engine) as session:
        return make_invite(session, ADMIN, role, name, days)[1]


def reset_of(engine: Engine, person: Person) -> str:
    with session_scope(engine) as session:
        return make_reset(session, ADMIN, person)[1]


def accept(
    client: TestClient, token: str, name: str = "ana", password: str = PASSWORD, again: str = ""
) -> Response:
    """Send the form."""
    data = {"name": name, "password": password, "again": again or password}
    return client.post(f"/invite/{token}", data=data)


def people(engine: Engine) -> list[Person]:
    with read_scope(engine) as session:
        return list(session.exec(select(Person)))


def holds(engine: Engine, token: str) -> bool:
    with read_scope(engine) as session:
        try:
            return find_invite(session, token).used_at is None
        except NotFoundError:
            return False


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (PersonRole.VIEWER, "see everything"),
        (PersonRole.MEMBER, "upload, run, review and share"),
        (PersonRole.ADMIN, "decide what others may do"),
    ],
)
def test_an_invite_makes_an_account_of_its_role_and_logs_in(
    role: PersonRole, words: str, visitor: TestClient, engine: Engine
) -> None:
    token = invited(engine, role)
    assert words in text_of(visitor.get(f"/invite/{token}").text)
    answer = accept(visitor, token, "Ana \u00c9.")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert visitor.get("/api/runs").status_code == 200
    (person,) = people(engine)
    assert (person.name, person.name_key, person.role) == ("Ana É.", name_key("Ana É."), role)
    made, joined = audited(engine)
    assert (made.act, made.actor, made.via) == (Act.PERSON_INVITED, "root", "console")
    assert (joined.act, joined.actor, joined.subject) == (Act.PERSON_JOINED, "Ana É.", "Ana É.")
    assert joined.detail == {"role": role.value, "invite": 1, "by": "root"}
    assert token not in repr(audited(engine))
    assert accept(visitor, token, "bob").status_code == 404, "it opens once"
    assert visitor.get(f"/invite/{token}").status_code == 404


def test_who_joined_can_log_in(visitor: TestClient, app: FastAPI, engine: Engine) -> None:
    assert accept(visitor, invited(engine)).status_code == 303
    with stranger(app) as other:
        assert log_in(other, "ana").status_code == 303


def test_the_name_of_an_invite_counts(visitor: TestClient, engine: Engine) -> None:
    token = invited(engine, name="Ana")
    assert 'value="Ana" autocomplete="username" readonly' in visitor.get(f"/invite/{token}").text
    assert accept(visitor, token, "mallory").status_code == 303
    assert [person.name for person in people(engine)] == ["Ana"]


@pytest.mark.parametrize(
    ("name", "password", "again", "said"),
    [
        ("", PASSWORD, PASSWORD, "A name is missing"),
        ("x" * 81, PASSWORD, PASSWORD, "too long"),
        (" ana", PASSWORD, PASSWORD, "spaces too many"),
        ("a  b", PASSWORD, PASSWORD, "spaces too many"),
        ("ana\nbob", PASSWORD, PASSWORD, "cannot be seen"),
        ("ana\u200b", PASSWORD, PASSWORD, "cannot be seen"),
        ("\ufdfa" * 20, PASSWORD, PASSWORD, "too long"),
        ("EVE", PASSWORD, PASSWORD, "is taken"),
        ("\uff25ve", PASSWORD, PASSWORD, "is taken"),
        ("Eve\ufe0f", PASSWORD, PASSWORD, "is taken"),
        ("E\u034fve \u3164", PASSWORD, PASSWORD, "is taken"),
        ("Eve\u2800", PASSWORD, PASSWORD, "is taken"),
        ("\uffa0\U000e0101", PASSWORD, PASSWORD, "cannot be seen"),
        ("old", PASSWORD, PASSWORD, "before there were accounts"),
        ("filter", PASSWORD, PASSWORD, "before there were accounts"),
        ("console", PASSWORD, PASSWORD, "before there were accounts"),
        ("ana", "short", "short", "has 5 characters"),
        ("ana", PASSWORD, PASSWORD + "!", "not the same"),
        ("passwordword ana", "passwordword ana", "passwordword ana", "would guess"),
    ],
)
def test_what_is_wrong_is_said_and_the_invite_still_holds(
    *, name: str, password: str, again: str, said: str, visitor: TestClient, engine: Engine,
    store: BlobStore, settings: Settings,
) -> None:  # fmt: skip
    add_person(engine, "Eve")
    with seeding(engine, store, settings) as seed:
        seed.run("before").owner = "old"
        seed.session.add(SavedFilter(slug="x", name="x", query="q=x", owner="filter"))
        record(seed.session, Asker("console", PersonRole.ADMIN, Via.CONSOLE), Act.PERSON_INVITED)
    token = invited(engine)
    answer = accept(visitor, token, name, password, again)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert PASSWORD not in answer.text
    assert "set-cookie" not in answer.headers
    assert [person.name for person in people(engine)] == ["Eve"]
    assert holds(engine, token)


def test_a_name_of_before_is_an_admins_to_give(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run("before").owner = "old"
    with pytest.raises(BadNameError):
        join(engine, invited(engine), "old", PASSWORD, VISIT)
    join(engine, invited(engine, name="old"), "", PASSWORD, VISIT)
    assert [person.name for person in people(engine)] == ["old"]


def test_an_admin_may_take_it(engine: Engine, store: BlobStore, settings: Settings) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run("before").owner = "old"
    join(engine, invited(engine, PersonRole.ADMIN), "old", PASSWORD, VISIT)
    assert [person.name for person in people(engine)] == ["old"]


def test_nobody_is_invited_by_a_name_that_is_taken_or_for_ever(engine: Engine) -> None:
    add_person(engine, "Eve")
    with pytest.raises(NameTakenError):
        invited(engine, name="eve")
    for days in (0, -1, 91, float("nan")):
        with pytest.raises(StagelightError, match="cannot be made"):
            invited(engine, days=days)
    assert audited(engine) == []


@pytest.mark.parametrize(
    "why", ["never made", "no token", "expired", "used", "revoked", "disabled"]
)
def test_one_that_does_not_hold_does_not_say_why(
    why: str, visitor: TestClient, engine: Engine
) -> None:
    token = gone(engine, why)
    answers = [visitor.get(f"/invite/{token}"), accept(visitor, token)]
    assert {answer.status_code for answer in answers} == {404}
    expected = visitor.get("/invite/other").text
    assert {answer.text for answer in answers} == {expected}
    assert "/login" not in expected
    assert not any("set-cookie" in answer.headers for answer in answers)


def gone(engine: Engine, why: str) -> str:
    """A token that opens nothing."""
    if why == "never made":
        return new_token()
    if why == "no token":
        return "a/b"
    person = add_with_password(engine, "eve")
    token = reset_of(engine, person)
    with session_scope(engine) as session:
        invite = session.exec(select(Invite)).one()
        match why:
            case "expired":
                invite.expires_at = utc_now()
            case "used":
                invite.used_at = utc_now()
            case "revoked":
                invite.revoked_at = utc_now()
            case "disabled":
                session.exec(select(Person)).one().disabled_at = utc_now()
    return token


def test_of_two_that_join_at_once_one_does(engine: Engine) -> None:
    token = invited(engine)
    came: list[str] = []

    def try_to_join(name: str) -> None:
        try:
            came.append(join(engine, token, name, PASSWORD, VISIT))
        except NotFoundError as error:
            came.append(type(error).__name__)

    threads = [threading.Thread(target=try_to_join, args=(name,)) for name in ("ana", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(people(engine)) == 1
    assert len(came) == 2
    assert came.count("InviteGoneError") == 1


def test_of_two_that_take_one_name_at_once_one_does(engine: Engine) -> None:
    tokens = [invited(engine), invited(engine)]
    came: list[str] = []

    def try_to_join(token: str) -> None:
        try:
            came.append(join(engine, token, "ana", PASSWORD, VISIT))
        except NameTakenError as error:
            came.append(type(error).__name__)

    threads = [threading.Thread(target=try_to_join, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(people(engine)) == 1
    assert came.count("NameTakenError") == 1
    assert sum(holds(engine, token) for token in tokens) == 1


def test_a_reset_sets_the_password_and_ends_all_logins(
    visitor: TestClient, app: FastAPI, engine: Engine
) -> None:
    eve = add_with_password(engine, "Eve", PersonRole.VIEWER)
    cookie_of(engine, "Eve")
    first, token = reset_of(engine, eve), reset_of(engine, eve)
    assert not holds(engine, first), "a newer link replaces it"
    page = visitor.get(f"/invite/{token}").text
    assert "A new password" in page
    assert 'value="Eve" autocomplete="username" readonly' in page
    assert accept(visitor, token, "mallory", "short").status_code == 422
    assert accept(visitor, token, "mallory", "five more unlikely words").status_code == 303
    (person,) = people(engine)
    assert (person.name, person.role) == ("Eve", PersonRole.VIEWER)
    assert check_password(person, "five more unlikely words")
    with read_scope(engine) as session:
        assert len(session.exec(select(Login)).all()) == 1, "the new one"
    assert [(e.act, e.actor, e.subject) for e in audited(engine)][1:] == [
        (Act.PERSON_RESET, "root", "Eve"),
        (Act.PASSWORD_CHANGED, "Eve", "Eve"),
    ]
    assert accept(visitor, token).status_code == 404


def test_a_link_for_an_account_sets_nobodys_password(engine: Engine) -> None:
    token = reset_of(engine, add_with_password(engine, "eve"))
    with pytest.raises(NotFoundError):
        join(engine, token, "ana", PASSWORD, VISIT)
    assert len(people(engine)) == 1


def test_joining_ends_the_login_that_the_browser_had(app: FastAPI, engine: Engine) -> None:
    add_person(engine, "eve")
    with logged_in(app, "eve") as client:
        assert accept(client, invited(engine)).status_code == 303
    with read_scope(engine) as session:
        (login,) = session.exec(select(Login)).all()
    assert login.person_id == people(engine)[1].id
    assert (login.address, login.agent) == ("testclient", "testclient")


def test_who_tries_many_is_told_to_wait(settings: Settings, engine: Engine) -> None:
    app = create_app(settings.model_copy(update={"guess_rate": "2/minute"}))
    token = invited(engine)
    with browser_at(app, "10.0.0.1") as client:
        statuses = [client.get(f"/invite/{new_token()}").status_code for _ in range(3)]
        assert statuses == [404, 404, 429]
        assert client.get(f"/invite/{token}").status_code == 429
    with browser_at(app, "10.0.0.2") as client:
        assert client.get(f"/invite/{token}").status_code == 200


def test_a_page_with_a_token_in_its_address_is_not_kept_or_told(
    visitor: TestClient, engine: Engine
) -> None:
    for answer in (visitor.get(f"/invite/{invited(engine)}"), visitor.get("/invite/nothing")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert '<meta name="referrer"' not in visitor.get(f"/invite/{invited(engine)}").text


def test_without_accounts_no_invite_opens(settings: Settings, engine: Engine) -> None:
    token = invited(engine)
    with stranger(create_app(settings.model_copy(update={"accounts": False}))) as client:
        assert client.get(f"/invite/{token}").status_code == 404
        assert accept(client, token).status_code == 404
    assert people(engine) == []


def test_an_invite_is_revoked_once(engine: Engine) -> None:
    token = invited(engine, name="Ana")
    with session_scope(engine) as session:
        revoke_invite(session, ADMIN, 1)
    assert not holds(engine, token)
    for invite_id in (1, 2):
        with pytest.raises(NotFoundError), session_scope(engine) as session:
            revoke_invite(session, ADMIN, invite_id)
    revoked = audited(engine)[1:]
    assert [(entry.act, entry.subject) for entry in revoked] == [(Act.PERSON_INVITE_REVOKED, "Ana")]


def test_those_that_hold_are_listed_newest_first(engine: Engine) -> None:
    eve = add_person(engine, "eve")
    for token in (invited(engine), invited(engine, name="ana"), reset_of(engine, eve)):
        assert holds(engine, token)
    used = invited(engine)
    join(engine, used, "bob", PASSWORD, VISIT)
    with session_scope(engine) as session:
        session.get_one(Invite, 1).expires_at = utc_now() - timedelta(seconds=1)
    with read_scope(engine) as session:
        assert [invite.id for invite in open_invites(session)] == [3, 2]


def test_where_there_is_no_admin_one_invite_for_the_first_holds(engine: Engine) -> None:
    add_person(engine, "ana", PersonRole.MEMBER)
    other = invited(engine)

    def first() -> str | None:
        with session_scope(engine) as session:
            return invite_first_admin(session, ADMIN)

    before, now = first(), first()
    assert before is not None
    assert now is not None
    assert [holds(engine, token) for token in (before, now, other)] == [False, True, True]
    join(engine, now, "bob", PASSWORD, VISIT)
    assert people(engine)[1].role is PersonRole.ADMIN
    assert first() is None
    with session_scope(engine) as session:
        session.get_one(Person, 2).disabled_at = utc_now()
    assert first() is not None


def test_a_link_is_where_people_reach_the_server() -> None:
    assert invite_url("https://stage.example/x", "abc") == "https://stage.example/x/invite/abc"
