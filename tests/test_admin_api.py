"""What admins do, as JSON."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.cookies import cookie_name
from app.db import session_scope
from app.models import ApiToken, Person, PersonRole, RunStatus, Scope
from app.services import footprint
from app.services.live import announce
from app.services.storage import BlobStore
from app.settings import Settings
from tests.conftest import LiveServer
from tests.people_support import add_admin, add_person, cookie_of, give_token, logged_in
from tests.test_sse import stream
from tests.web_support import id_of, seeding

pytestmark = pytest.mark.accounts


def test_people_are_listed_and_changed(root: TestClient) -> None:
    people = root.get("/api/admin/people").json()["people"]
    assert [(one["id"], one["name"], one["role"]) for one in people] == [
        (2, "Ana", "member"),
        (1, "Root", "admin"),
    ]
    assert root.get("/api/admin/people/2").json() == people[0]
    change = {"role": "viewer", "disabled": True, "quota": {"runs": 3}}
    changed = root.patch("/api/admin/people/2", json=change).json()
    assert (changed["role"], changed["disabled_at"] is None) == ("viewer", False)
    usage = root.get("/api/admin/people/2/usage").json()
    assert usage["runs"] == {"used": 0, "allowed": 3}
    assert root.patch("/api/admin/people/2", json={"disabled": False}).json()["role"] == "viewer"
    done = [one["act"] for one in root.get("/api/admin/audit").json()["entries"]]
    assert done == ["person.enabled", "person.quota", "person.disabled", "person.role"]


def test_what_cannot_be_changed_stays(root: TestClient) -> None:
    before = root.get("/api/admin/people/1").json()
    changes: tuple[tuple[dict[str, object], int], ...] = (
        ({"role": "member"}, 409),
        ({"disabled": True}, 409),
        ({"role": "king"}, 422),
        ({"disabled": "yes"}, 422),
        ({"quota": {"runs": -1}}, 422),
        ({"name": "Rex"}, 422),
    )
    for change, status in changes:
        assert root.patch("/api/admin/people/1", json=change).status_code == status, change
    assert root.get("/api/admin/people/1").json() == before
    assert root.get("/api/admin/audit").json()["entries"] == []


def test_of_a_change_of_several_things_all_or_nothing_is_done(
    root: TestClient, engine: Engine
) -> None:
    too_many = {"role": "viewer", "quota": {"runs": 2**31}}
    assert root.patch("/api/admin/people/2", json=too_many).status_code == 422
    add_person(engine, "Eve", PersonRole.ADMIN)  # who cannot log in
    change = {"role": "admin", "disabled": True}
    assert root.patch("/api/admin/people/1", json=change).status_code == 409
    assert [one["act"] for one in root.get("/api/admin/audit").json()["entries"]] == []


def test_sessions_and_tokens_are_listed_and_ended(root: TestClient, engine: Engine) -> None:
    for _ in range(3):
        cookie_of(engine, "Ana")
    with session_scope(engine) as session:
        give_token(session, session.get_one(Person, 2), Scope.WRITE, name="ci")
    url = "/api/admin/people/2"
    assert [one["id"] for one in root.get(f"{url}/sessions").json()["sessions"]] == [4, 3, 2]
    assert root.delete(f"{url}/sessions/3").status_code == 204
    assert root.delete(f"{url}/sessions/3").status_code == 404
    assert root.delete(f"{url}/sessions").status_code == 204
    assert root.get(f"{url}/sessions").json() == {"sessions": []}
    (token,) = root.get(f"{url}/tokens").json()["tokens"]
    assert (token["name"], token["scope"], token["expired"]) == ("ci", "write", False)
    assert root.delete(f"{url}/tokens/1").status_code == 204
    assert root.get(f"{url}/tokens").json() == {"tokens": []}
    with session_scope(engine) as session:
        assert session.scalar(select(col(ApiToken.revoked_at))) is not None


def test_all_sessions_of_ones_own_are_all_others(root: TestClient, engine: Engine) -> None:
    cookie_of(engine, "Root")
    assert root.delete("/api/admin/people/1/sessions").status_code == 204
    (session,) = root.get("/api/admin/people/1/sessions").json()["sessions"]
    assert session["current"]


def test_a_session_that_is_revoked_follows_no_run_any_more(
    live_server: LiveServer, engine: Engine, store: BlobStore, settings: Settings, app: FastAPI
) -> None:
    add_admin(engine, "Root")
    add_person(engine, "Ana")
    cookie = f"{cookie_name(settings)}={cookie_of(engine, 'Ana')}"
    with seeding(engine, store, settings) as seed:
        run_id = id_of(seed.run(status=RunStatus.RUNNING))
        announce(seed.session, run_id, "log")
    with stream(f"{live_server.url}/api/runs/{run_id}/events", Cookie=cookie) as events:
        assert next(events).type == "log"
        with logged_in(app, "Root") as root:
            assert root.delete("/api/admin/people/2/sessions/1").status_code == 204
        with session_scope(engine) as session:
            announce(session, run_id, "log")
        assert list(events) == []


def test_a_person_is_told_nothing_of_secrets(root: TestClient, engine: Engine) -> None:
    with session_scope(engine) as session:
        give_token(session, session.get_one(Person, 2), Scope.READ)
    cookie_of(engine, "Ana")
    for path in ("people", "people/1", "people/2/sessions", "people/2/tokens"):
        answer = root.get(f"/api/admin/{path}").text
        assert "sha256" not in answer
        assert "hash" not in answer


def test_a_password_link_and_an_invite_are_told_once(root: TestClient) -> None:
    reset = root.post("/api/admin/people/2/reset")
    invite = root.post("/api/admin/invites", json={"role": "admin", "days": 1})
    for made in (reset, invite):
        assert made.status_code == 201
        assert made.json()["url"].startswith("http://127.0.0.1/invite/")
    listed = root.get("/api/admin/invites").json()["invites"]
    assert [(one["person_id"], one["role"]) for one in listed] == [(None, "admin"), (2, "member")]
    assert "url" not in listed[0]
    assert root.delete(f"/api/admin/invites/{invite.json()['id']}").status_code == 204
    assert len(root.get("/api/admin/invites").json()["invites"]) == 1
    assert root.post("/api/admin/invites", json={"name": "Ana"}).status_code == 422


def test_who_is_disabled_gets_no_link(root: TestClient) -> None:
    assert root.patch("/api/admin/people/2", json={"disabled": True}).status_code == 200
    assert root.post("/api/admin/people/2/reset").status_code == 409
    assert root.get("/api/admin/invites").json() == {"invites": []}


def test_links_begin_with_the_public_address(settings: Settings, engine: Engine) -> None:
    from app.main import create_app

    add_admin(engine, "Root")
    app = create_app(settings.model_copy(update={"public_url": "http://stage.example/x"}))
    with logged_in(app, "Root") as client:
        url = client.post("/api/admin/invites", json={}).json()["url"]
    assert url.startswith("http://stage.example/x/invite/")


def test_work_as_json(
    root: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run("one", owner="Ana")
        seed.run("two", owner="Ana", status=RunStatus.RUNNING, worker="w")
    work = root.get("/api/admin/work").json()
    (runtime,), (person,), (running,) = work["runtimes"], work["people"], work["running"]
    assert (runtime["name"], runtime["offered"], runtime["workers"]) == ("default", True, 0)
    assert runtime["load"] == person["load"]
    assert (person["name"], person["load"]["queued"], person["load"]["running"]) == ("Ana", 1, 1)
    assert (running["id"], running["title"], running["worker"]) == (2, "two", "w")


def test_beyond_a_sample_sizes_are_estimated(
    root: TestClient,
    engine: Engine,
    store: BlobStore,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with seeding(engine, store, settings) as seed:
        for number in range(4):
            run = seed.partly(str(number), source=b"x = %d\n" % number, owner="Ana")
            stage = seed.stage(run, 9)
            stage.file_sha256, stage.file_bytes = str(number) * 64, 1000
    exact = {one["name"]: one for one in root.get("/api/admin/storage").json()["parts"]}
    assert {name: one["count"] for name, one in exact.items()} == {
        "scripts": 4,
        "programs": 4,
        "graphs": 8,
    }
    assert all(one["sample"] is None for one in exact.values())
    monkeypatch.setattr(footprint, "SAMPLE", 2)
    rough = {one["name"]: one for one in root.get("/api/admin/storage").json()["parts"]}
    assert rough["scripts"] == exact["scripts"]
    assert (rough["programs"]["count"], rough["programs"]["bytes"]) == (4, 4000)
    assert (rough["programs"]["sample"], rough["graphs"]["sample"]) == (2, 2)
    assert rough["graphs"]["count"] == 8
    assert abs(rough["graphs"]["bytes"] - exact["graphs"]["bytes"]) < 100


def test_others_get_what_there_is_not(root: TestClient, app: FastAPI) -> None:
    with logged_in(app, "Ana") as ana:
        for path in ("people", "people/1", "invites", "audit", "storage", "work", "nothing"):
            assert ana.get(f"/api/admin/{path}").status_code == 404, path
        assert ana.patch("/api/admin/people/1", json={"role": "admin"}).status_code == 404
