"""How much one person may have at once: runs, worker time, storage."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, update
from sqlmodel import Session, col

from app.db import read_scope, session_scope
from app.models import Act, Audit, Person, PersonRole, Run, RunStatus, Verdict
from app.models.columns import utc_now
from app.services import queue
from app.services.asker import Asker
from app.services.housekeeping import keep_house
from app.services.options import RunOptions
from app.services.quotas import (
    MB,
    BadQuotaError,
    Quota,
    QuotaError,
    Usage,
    quota_of,
    set_quota,
    usage_of,
)
from app.services.runs import create_run
from app.services.storage import BlobStore
from app.services.trash import delete_run
from app.settings import Settings
from tests.people_support import add_person, asker_of, logged_in
from tests.web_support import SCRIPT, count_queries, rows, submit, text_of
from tests.worker_support import Story, claim_next

LARGE = b"a = 1  #" + b"x" * 700_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    given = {"accounts": True, "quota_runs": 2, "quota_minutes": 10, "quota_storage_mb": 1}
    return settings.model_copy(update=given)


@pytest.fixture
def person(engine: Engine) -> Person:
    return add_person(engine, "ana")


@pytest.fixture
def ana(person: Person, app: FastAPI) -> Iterator[TestClient]:
    with logged_in(app, person.name) as client:
        yield client


def usage(engine: Engine, name: str = "ana") -> Usage:
    with read_scope(engine) as session:
        return usage_of(session, name)


def change(engine: Engine, **values: Any) -> None:
    """Set columns of every run."""
    with session_scope(engine) as session:
        session.execute(update(Run).values(**values))


def refused(answer: Any, status: int) -> str:
    """What the refusal says."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == "quota"
    assert error["hint"].endswith("An admin can give you more.")
    return f"{error['message']} {error['hint']}"


def test_a_person_s_own_quota_goes_before_the_settings(settings: Settings) -> None:
    person = Person(name="ana", name_key="ana", role=PersonRole.MEMBER)
    assert quota_of(None, settings) == quota_of(person, settings) == Quota(2, 10, 1)
    person.quota_runs, person.quota_storage_mb = 0, 7
    assert quota_of(person, settings) == Quota(0, 10, 7)


def test_so_many_runs_wait_or_run_at_once(ana: TestClient, engine: Engine) -> None:
    assert [submit(ana).status_code for _ in range(2)] == [201, 201]
    said = refused(submit(ana), 429)
    assert said.startswith("You have 2 runs that are queued or running; you may have 2 at once.")
    claim = claim_next(engine)
    refused(ana.post("/api/runs/1/rerun"), 429)
    assert rows(engine, Run) == 2
    assert queue.finish(engine, claim, status=RunStatus.FINISHED)
    assert submit(ana).status_code == 201


def test_the_page_says_it_where_one_uploads(ana: TestClient) -> None:
    for _ in range(2):
        submit(ana)
    answer = ana.post("/runs", files={"script": ("m.py", SCRIPT)}, data={"title": "kept"})
    assert answer.status_code == 429
    assert "you may have 2 at once" in answer.text
    assert 'value="kept"' in answer.text


def test_worker_time_counts_for_a_day(ana: TestClient, engine: Engine) -> None:
    for seconds in (200.0, 399.0):
        submit(ana)
        assert queue.finish(engine, claim_next(engine), status=RunStatus.FINISHED, worked=seconds)
    assert usage(engine).seconds == 599
    submit(ana)
    claim = claim_next(engine)
    queue.heartbeat(engine, claim, 60, worked=31.0)
    with session_scope(engine) as session:
        session.get_one(Run, 1).started_at = utc_now() - timedelta(hours=23, minutes=30)
    answer = submit(ana)
    said = refused(answer, 429)
    assert said.startswith("Your runs had 10 minutes of a worker in the last 24 hours; you may")
    assert 1_700 < int(answer.headers["retry-after"]) <= 1_860, "then the first does not count"
    with session_scope(engine) as session:
        session.get_one(Run, 1).started_at = utc_now() - timedelta(hours=24, minutes=1)
    assert submit(ana).status_code == 201


def test_all_attempts_at_a_run_count(engine: Engine, ana: TestClient) -> None:
    submit(ana)
    assert queue.hand_back(engine, claim_next(engine), worked=5.0)
    claim = claim_next(engine, worker="lost")
    queue.heartbeat(engine, claim, 60, worked=7.0)
    queue.abandon(engine, "lost", attempts=5)
    assert queue.finish(engine, claim_next(engine), status=RunStatus.FAILED, worked=1.5)
    assert Story(engine, 1).run.used_seconds == 13.5
    assert not queue.finish(engine, claim, status=RunStatus.FAILED, worked=99.0)
    assert usage(engine).seconds == 13.5


def test_storage_is_full_until_what_was_deleted_is_gone(
    ana: TestClient, engine: Engine, settings: Settings
) -> None:
    submit(ana, LARGE)
    assert queue.finish(engine, claim_next(engine), status=RunStatus.FINISHED)
    said = refused(submit(ana, LARGE + b"2"), 409)
    assert said.startswith("Your runs keep 0.7 MiB, and this upload has 0.7; you may have 1 MiB.")
    assert "after 24 h" in said
    assert ana.delete("/api/runs/1").status_code == 204
    refused(submit(ana, LARGE + b"2"), 409)
    change(engine, deleted_at=utc_now() - timedelta(hours=25))
    list(keep_house(engine, settings))
    assert usage(engine).bytes == 0
    assert submit(ana, LARGE + b"2").status_code == 201


def test_a_script_counts_once_for_each_owner_and_what_stages_left_for_each_run(
    engine: Engine, settings: Settings, store: BlobStore, person: Person
) -> None:
    def add(asker: Asker, left: int) -> Run:
        with session_scope(engine) as session:
            run = _create(session, store, settings, asker)
            run.stored_bytes = left
            session.flush()
        assert queue.finish(engine, claim_next(engine), status=RunStatus.FINISHED)
        return run

    ben = asker_of(add_person(engine, "ben"))
    first, _, _ = add(asker_of(person), 1_000), add(asker_of(person), 200), add(ben, 5)
    size = len(SCRIPT)
    assert (usage(engine).bytes, usage(engine, "ben").bytes) == (size + 1_200, size + 5)
    with session_scope(engine) as session:
        delete_run(session, session.get_one(Run, first.id), asker_of(person))
        session.get_one(Run, first.id).deleted_at = utc_now() - timedelta(hours=25)
    list(keep_house(engine, settings))
    assert usage(engine).bytes == size + 200, "the second run has the script still"
    assert usage(engine, "ben").bytes == size + 5


def test_what_a_lost_attempt_left_does_not_count(ana: TestClient, engine: Engine) -> None:
    submit(ana)
    claim = claim_next(engine)
    change(engine, stored_bytes=5 * MB)
    assert queue.hand_back(engine, claim)
    assert Story(engine, 1).run.stored_bytes == 0
    assert usage(engine).bytes == len(SCRIPT)


def test_uploads_that_come_at_once_do_not_pass_together(
    engine: Engine, settings: Settings, store: BlobStore, person: Person
) -> None:
    asker, refusals = asker_of(person), []
    start = threading.Barrier(6)

    def upload() -> None:
        start.wait()
        try:
            with session_scope(engine) as session:
                _create(session, store, settings, asker)
        except QuotaError as error:
            refusals.append(error.status)

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (rows(engine, Run), refusals) == (2, [429] * 4)


def test_nobody_else_is_held_up(ana: TestClient, app: FastAPI, engine: Engine) -> None:
    add_person(engine, "ben")
    for _ in range(3):
        submit(ana)
    with logged_in(app, "ben") as ben:
        assert submit(ben).status_code == 201


def test_without_accounts_there_are_no_quotas(settings: Settings, engine: Engine) -> None:
    from app.main import create_app

    app = create_app(settings.model_copy(update={"accounts": False}))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert [submit(client).status_code for _ in range(4)] == [201] * 4
        assert "usage" not in client.get("/").text.split("<main")[1]
        assert client.get("/api/account/usage").status_code == 404


def test_a_quota_is_set_by_an_admin_and_told_to_the_audit_log(
    engine: Engine, ana: TestClient, person: Person, settings: Settings
) -> None:
    boss = asker_of(add_person(engine, "boss", PersonRole.ADMIN))
    with session_scope(engine) as session:
        mine = session.get_one(Person, person.id)
        set_quota(session, boss, mine, runs=0, minutes=None, storage_mb=5)
    with read_scope(engine) as session:
        kept = session.get_one(Person, person.id)
        assert quota_of(kept, settings) == Quota(0, 10, 5)
        told = session.scalars(select(Audit).where(col(Audit.act) == Act.PERSON_QUOTA)).one()
    assert (told.actor, told.subject) == ("boss", "ana")
    assert told.detail == {"runs": 0, "minutes": None, "storage_mb": 5}
    assert [submit(ana).status_code for _ in range(3)] == [201] * 3


@pytest.mark.parametrize("value", [-1, 2**31])
def test_what_is_no_quota_is_refused(engine: Engine, person: Person, value: int) -> None:
    with session_scope(engine) as session, pytest.raises(BadQuotaError, match="runs cannot be"):
        set_quota(session, asker_of(person), person, runs=value, minutes=None, storage_mb=None)


def test_usage_is_told_beside_what_is_allowed(ana: TestClient, engine: Engine) -> None:
    submit(ana, LARGE)
    queue.heartbeat(engine, claim_next(engine), 60, worked=90.0)
    assert ana.get("/api/account/usage").json() == {
        "runs": {"used": 1, "allowed": 2},
        "minutes": {"used": 1.5, "allowed": 10},
        "storage_mb": {"used": 0.7, "allowed": 1},
    }
    with session_scope(engine) as session:
        session.execute(update(Person).values(quota_runs=0))
    assert ana.get("/api/account/usage").json()["runs"] == {"used": 1, "allowed": None}


def test_what_is_nearly_used_up_stands_at_the_upload(
    ana: TestClient, engine: Engine, app: FastAPI
) -> None:
    submit(ana, LARGE)
    assert 'class="usage"' not in ana.get("/").text, "70 % of one, 50 % of another"
    before = count_queries(app, lambda: ana.get("/"))
    queue.heartbeat(engine, claim_next(engine), 60, worked=500.0)
    submit(ana)
    text = text_of(ana.get("/").text)
    assert "Runs 2 of 2 queued or running" in text
    assert "Worker time 8.3 of 10 minutes in the last 24 hours" in text
    assert "Storage" not in text
    assert count_queries(app, lambda: ana.get("/")) <= before + 2, "of one run more"


def test_a_deleted_verdict_still_counts_its_time(ana: TestClient, engine: Engine) -> None:
    submit(ana)
    claim = claim_next(engine)
    change(engine, verdict=Verdict.EXPORTED)
    queue.finish(engine, claim, status=RunStatus.FINISHED, worked=60.0)
    ana.delete("/api/runs/1")
    assert usage(engine).seconds == 60


def _create(session: Session, store: BlobStore, settings: Settings, asker: Asker) -> Run:
    return create_run(
        session, store, SCRIPT, "m.py", options=RunOptions(), settings=settings, asker=asker
    )
