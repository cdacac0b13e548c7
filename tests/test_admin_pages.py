"""The pages of admins."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update
from sqlmodel import Session, SQLModel, select

from app.db import read_scope, session_scope
from app.main import create_app
from app.models import Act, Audit, Invite, Login, Person, PersonRole, RunStatus, Scope, Worker
from app.models.columns import utc_now
from app.services.logins import start_login
from app.services.people import find_person_by_name
from app.services.storage import BlobStore
from app.services.workers import register
from app.settings import Settings
from tests.evil_support import EVIL
from tests.people_support import give_token, logged_in
from tests.web_support import count_queries, make_worker, seeding, text_of

pytestmark = pytest.mark.accounts

TABS = ["/admin", "/admin/invites", "/admin/workers", "/admin/storage", "/admin/audit",
        "/admin/settings"]  # fmt: skip
PAGES = [*TABS, "/admin/people/2"]
HOSTILE = EVIL[:80]


def the_person(engine: Engine, name: str) -> Person:
    with read_scope(engine) as session:
        found = find_person_by_name(session, name)
    assert found is not None
    return found


def all_of(engine: Engine, table: type[SQLModel]) -> list[Any]:
    with read_scope(engine) as session:
        return list(session.scalars(select(table)))


def acts(engine: Engine) -> list[tuple[Act, str]]:
    return [(one.act, one.subject) for one in all_of(engine, Audit)]


def log_in(session: Session, name: str, times: int) -> None:
    person = find_person_by_name(session, name)
    assert person is not None
    for _ in range(times):
        start_login(session, person, days=1, agent="Mozilla/5.0 (X11; Linux) Firefox/142.0")


def test_every_tab_is_there_and_says_which_it_is(root: TestClient) -> None:
    for path in PAGES:
        html = root.get(path).text.partition("<h1>")[0]
        tabs = re.findall(r'<a href="(/admin[^"]*)"( aria-current="page")?>', html)
        here = [address for address, current in tabs if current]
        assert here == [path.replace("/people/2", "")]
        assert {address for address, _ in tabs} >= {*TABS, "/admin/webhooks"}


def test_to_who_is_no_admin_there_is_nothing(root: TestClient, app: FastAPI) -> None:
    with logged_in(app, "Ana") as ana:
        assert [ana.get(path).status_code for path in PAGES] == [404] * len(PAGES)
        assert 'href="/admin"' not in ana.get("/").text
    assert 'href="/admin"' in root.get("/").text


def test_no_page_asks_more_of_the_database_for_more_of_anything(
    root: TestClient, app: FastAPI, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    def queries() -> dict[str, int]:
        return {path: count_queries(app, partial(root.get, path)) for path in PAGES}

    queries()
    before = queries()
    with seeding(engine, store, settings) as seed:
        for number in range(5):
            name = f"p{number}"
            seed.session.add(Person(name=name, name_key=name, role=PersonRole.MEMBER))
            seed.session.add(make_worker(name))
            seed.run(owner=name, worker=name, status=RunStatus.RUNNING)
            seed.run(owner=name, deleted_at=utc_now())
        log_in(seed.session, "Ana", 5)
        give_token(seed.session, the_person(engine, "Ana"), Scope.READ)
    assert queries() == before


def test_people_are_shown_with_what_they_have(root: TestClient, engine: Engine) -> None:
    with session_scope(engine) as session:
        log_in(session, "Ana", 2)
    people = text_of(root.get("/admin").text)
    assert "Ana member not yet just now 2 0 0 0 B" in people
    assert "Root you admin password" in people


def test_a_person_is_shown_with_what_lets_them_in(root: TestClient, engine: Engine) -> None:
    with session_scope(engine) as session:
        log_in(session, "Ana", 1)
        give_token(session, the_person(engine, "Ana"), Scope.READ, name="for grafana")
    ana = root.get("/admin/people/2").text
    assert "Firefox on Linux" in ana
    assert "for grafana read just now never" in text_of(ana)
    assert '<a href="/?person=Ana">0</a>' in ana
    mine = text_of(root.get("/admin/people/1").text)
    assert "this one" in mine
    assert root.get("/admin/people/9").status_code == 404


def test_an_admin_ends_sessions_and_tokens(root: TestClient, app: FastAPI, engine: Engine) -> None:
    with logged_in(app, "Ana") as ana, session_scope(engine) as session:
        log_in(session, "Ana", 2)
        give_token(session, the_person(engine, "Ana"), Scope.READ, name="ci")
        session.commit()
        assert ana.get("/api/runs").status_code == 200
        answer = root.post("/admin/people/2/sessions/2/revoke")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/people/2")
        assert ana.get("/api/runs").status_code == 401
    assert root.post("/admin/people/2/sessions/2/revoke").status_code == 404
    assert root.post("/admin/people/2/sessions/1/revoke").status_code == 404, "it is Root's"
    assert root.post("/admin/people/2/sessions/revoke").status_code == 303
    assert [one.person_id for one in all_of(engine, Login)] == [1]
    assert root.post("/admin/people/2/tokens/1/revoke").status_code == 303
    assert root.post("/admin/people/2/tokens/1/revoke").status_code == 404
    assert acts(engine) == [
        (Act.LOGIN_REVOKED, "Ana"),
        (Act.LOGIN_REVOKED, "Ana"),
        (Act.TOKEN_REVOKED, "ci"),
    ]


def test_a_role_is_changed_and_an_account_disabled_and_enabled(
    root: TestClient, app: FastAPI, engine: Engine
) -> None:
    with logged_in(app, "Ana") as ana:
        assert root.post("/admin/people/2/role", data={"role": "viewer"}).status_code == 303
        assert the_person(engine, "Ana").role is PersonRole.VIEWER
        assert ana.get("/api/runs").status_code == 401
    assert root.post("/admin/people/2/disable").status_code == 303
    page = text_of(root.get("/admin/people/2").text)
    assert "Enable the account" in page
    assert "Make a link that sets a password" not in page
    assert root.post("/admin/people/2/enable").status_code == 303
    assert the_person(engine, "Ana").disabled_at is None
    assert root.post("/admin/people/2/role", data={"role": "king"}).status_code == 422


@pytest.mark.parametrize("form", ["role", "disable"])
def test_the_last_admin_is_told_why_not(form: str, root: TestClient, engine: Engine) -> None:
    answer = root.post(f"/admin/people/1/{form}", data={"role": "member"})
    assert answer.status_code == 409
    assert "Root is the last admin who can log in." in text_of(answer.text)
    assert acts(engine) == []
    assert root.get("/admin").status_code == 200


def test_a_link_that_sets_a_password_is_shown_once(root: TestClient, engine: Engine) -> None:
    answer = root.post("/admin/people/2/reset")
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    (url,) = re.findall(r'value="(http://127\.0\.0\.1/invite/[\w-]{32})"', answer.text)
    assert "It names this machine alone" in answer.text
    assert url not in root.get("/admin/people/2").text
    (invite,) = all_of(engine, Invite)
    assert (invite.person_id, invite.created_by) == (2, "Root")
    assert "sets a password" in root.get("/admin/invites").text


def test_quotas_are_set_and_taken_back(root: TestClient, engine: Engine) -> None:
    given = {"runs": "5", "minutes": "", "storage_mb": "0"}
    assert root.post("/admin/people/2/quota", data=given).status_code == 303
    ana = the_person(engine, "Ana")
    assert (ana.quota_runs, ana.quota_minutes, ana.quota_storage_mb) == (5, None, 0)
    page = root.get("/admin/people/2").text
    assert 'name="runs" value="5"' in page
    assert "0 of 5 queued or running" in text_of(page)
    assert root.post("/admin/people/2/quota", data={}).status_code == 303
    assert the_person(engine, "Ana").quota_runs is None


def test_what_is_no_quota_is_told_and_kept_in_the_form(root: TestClient) -> None:
    for text in ("many", "-1", "1.5", "99999999999", "\u0663"):
        answer = root.post("/admin/people/2/quota", data={"runs": "5", "minutes": text})
        assert answer.status_code == 422
        assert f'name="minutes" value="{text}"' in answer.text
        assert 'name="runs" value="5"' in answer.text
    assert 'name="runs" value=""' in root.get("/admin/people/2").text


def test_an_invite_is_made_shown_once_and_revoked(root: TestClient, engine: Engine) -> None:
    form = {"role": "viewer", "name": " Kim ", "days": "3"}
    answer = root.post("/admin/invites", data=form)
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert re.search(r'value="http://127\.0\.0\.1/invite/[\w-]{32}"', answer.text)
    (invite,) = all_of(engine, Invite)
    assert (invite.role, invite.name) == (PersonRole.VIEWER, "Kim")
    assert timedelta(days=2.9) < invite.expires_at - utc_now() < timedelta(days=3)
    assert "Kim viewer makes an account Root just now" in text_of(root.get("/admin/invites").text)
    assert root.post("/admin/invites/1/revoke").status_code == 303
    assert root.post("/admin/invites/1/revoke").status_code == 404
    assert "None is open." in root.get("/admin/invites").text
    assert acts(engine) == [(Act.PERSON_INVITED, "Kim"), (Act.PERSON_INVITE_REVOKED, "Kim")]


def test_an_invite_that_cannot_be_is_told_at_the_form(root: TestClient, engine: Engine) -> None:
    for form, words in (
        ({"name": "Ana"}, "The name Ana is taken."),
        ({"days": "0"}, "An invite cannot be made for 0 days."),
        ({"days": "91"}, "An invite cannot be made for 91 days."),
        ({"days": "a week"}, "'a week' is no number of days."),
    ):
        sent = {"role": "admin", "days": "7", **form}
        answer = root.post("/admin/invites", data=sent)
        assert answer.status_code == 422
        assert words in text_of(answer.text)
        assert f'name="days" value="{sent["days"]}"' in answer.text
        assert '<option value="admin" selected>' in answer.text
    assert all_of(engine, Invite) == []


def test_a_runtime_that_no_live_worker_serves_is_told_in_red(
    root: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    def served() -> list[tuple[str, str]]:
        html = root.get("/admin/workers").text.partition("<h2>Workers")[0]
        return re.findall(r'class="badge tone-(\w+)">.*?</svg>([^<]+)<', html)

    assert served() == [("broken", "no worker serves it")]
    register(engine, make_worker("one"))
    register(engine, make_worker("two", runtimes=["default", "old"]))
    assert served() == [("good", "2 workers"), ("good", "1 worker")]
    with session_scope(engine) as session:
        then = utc_now() - timedelta(minutes=5)
        session.execute(update(Worker).values(seen_at=then))
    assert served() == [("broken", "no worker serves it")]


def test_what_waits_and_what_is_worked_on(
    root: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    register(engine, make_worker("one"))
    with seeding(engine, store, settings) as seed:
        seed.run("first", owner="Ana", created_at=utc_now() - timedelta(hours=3))
        seed.run("second", owner="Ana")
        seed.run("third", owner="Root", status=RunStatus.RUNNING, worker="one", following="onnx")
        seed.run("over", owner="Root", status=RunStatus.FINISHED)
    text = text_of(root.get("/admin/workers").text)
    assert "default 1 worker 2 1 3 h ago" in text
    assert "third run 3 of Root in default , since just now Going on in the background:" in text
    assert "Root 0 1 Ana 2 0 3 h ago" in text
    assert "over" not in text.split("Workers")[1]


def test_storage_says_what_takes_it(
    root: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.partly(owner="Ana", deleted_at=utc_now() - timedelta(hours=1))
        stage = seed.stage(run, 9)
        stage.file_sha256, stage.file_bytes = "a" * 64, 3 * 2**20
    text = text_of(root.get("/admin/storage").text)
    assert re.search(r"[\d.]+ GiB of [\d.]+ GiB are free", text)
    assert re.search(r"The database .*? [\d.]+ KiB Its write-ahead log", text)
    assert re.search(r"Scripts uploads, in the data folder 1 \d+ B", text)
    assert "Programs saved .pt2 files, in the data folder 1 3.0 MiB" in text
    assert re.search(r"Graphs with their code, in the database 2 \d+ B", text)
    assert "1 run can still be restored." in text


def test_what_is_unwise_is_told(root: TestClient, settings: Settings, engine: Engine) -> None:
    assert "What is unwise" not in root.get("/admin/settings").text
    given = {"share_forever": True, "public_url": "http://stage.example"}
    with logged_in(create_app(settings.model_copy(update=given)), "Root") as client:
        text = text_of(client.get("/admin/settings").text)
        named = [one["variable"] for one in client.get("/api/settings").json()["warnings"]]
    assert "STAGELIGHT_SHARE_FOREVER Links to reports may be made that open for ever." in text
    assert "STAGELIGHT_PUBLIC_URL Passwords, sessions and API tokens cross the network" in text
    assert named == ["STAGELIGHT_PUBLIC_URL", "STAGELIGHT_SHARE_FOREVER"]


def test_nothing_that_somebody_is_called_becomes_markup(root: TestClient, engine: Engine) -> None:
    with session_scope(engine) as session:
        eve = Person(name=HOSTILE, name_key="eve", role=PersonRole.MEMBER)
        session.add(eve)
        session.flush()
        start_login(session, eve, 1, address=HOSTILE, agent=EVIL)
        give_token(session, eve, Scope.READ, name=HOSTILE)
        entry: dict[str, Any] = {
            "actor": HOSTILE,
            "subject": HOSTILE,
            "address": HOSTILE,
            "detail": {EVIL: [EVIL]},
        }
        session.add(Audit(via="login", act=Act.LOGIN, **entry))
        soon = utc_now() + timedelta(days=1)
        invite: dict[str, Any] = {"name": HOSTILE, "created_by": HOSTILE, "expires_at": soon}
        session.add(Invite(token_sha256="a" * 64, role=PersonRole.VIEWER, **invite))
    for path in ("/admin", "/admin/people/3", "/admin/invites", "/admin/audit"):
        html = root.get(path).text
        assert "alert(1)" in html, path
        assert "<script>" not in html, path
        assert "<img" not in html, path
        assert "\x1b" not in html, path


class TestWithoutAccounts:
    """Whoever is on this machine is an admin, of nobody."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"accounts": False})

    def test_where_people_would_be_it_says_how_to_have_some(self, get: Any) -> None:
        for path in ("/admin", "/admin/invites"):
            text = get(path)
            assert "There are no accounts here" in text
            assert "STAGELIGHT_ACCOUNTS=true" in text

    def test_all_else_is_there(self, get: Any) -> None:
        for path in TABS:
            assert "Workers" in get(path)

    def test_there_is_nobody_and_nobody_is_invited(
        self, client: TestClient, engine: Engine
    ) -> None:
        for path in ("/admin/people/1", "/api/admin/people", "/api/admin/invites"):
            answer = client.get(path)
            assert answer.status_code == 404
            assert "There are no accounts here." in answer.text
        assert client.post("/admin/invites", data={"role": "admin", "days": "7"}).status_code == 404
        assert client.post("/api/admin/invites", json={}).status_code == 404
        assert all_of(engine, Invite) == []
