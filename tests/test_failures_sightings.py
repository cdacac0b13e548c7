"""Runs told to their groups when they end, and taken back when they are deleted."""

import threading
from itertools import islice, permutations
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from sqlalchemy import Engine, inspect, select
from sqlmodel import Session, SQLModel, col

from app.db import read_scope, session_scope
from app.models import (
    Category,
    Failure,
    FailureGroup,
    FailurePlace,
    GroupState,
    PersonRole,
    Run,
    RunStatus,
    Search,
    Sighting,
    StageKind,
    StageStatus,
)
from app.services import queue
from app.services.asker import Asker, Via
from app.services.failure_groups import NewState, set_state
from app.services.sightings import BESIDE, forget_sightings, record_sightings
from app.services.storage import BlobStore
from app.settings import ROOT, Settings
from tests.failures_support import blocked, exported, failed, name_of
from tests.test_fingerprint import BASE, DISGUISES, NEAR_MISSES
from tests.web_support import id_of, rows, seeding
from tests.worker_support import claim_next, submit
from workers.events import FailureReport
from workers.rows import failure_row

ANA = Asker("ana", PersonRole.MEMBER, Via.LOGIN)
OTHER: dict[str, Any] = {"text": "n = int(x.sum())", "category": Category.TENSOR_TO_PYTHON}


def everything(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """All that the three tables hold."""
    with read_scope(engine) as session:
        return {table.__name__: _rows(session, table) for table in _TABLES}


_TABLES: tuple[type[SQLModel], ...] = (FailureGroup, Sighting, FailurePlace)


def _rows(session: Session, table: type[SQLModel]) -> list[dict[str, Any]]:
    found = [row.model_dump() for row in session.scalars(select(table))]
    keys = [column.name for column in inspect(table).primary_key]
    return sorted(found, key=lambda row: [str(row[key]) for key in keys])


def group(engine: Engine, name: str) -> FailureGroup:
    with read_scope(engine) as session:
        return session.get_one(FailureGroup, name)


def mark(engine: Engine, name: str, state: GroupState, run: int | None = None) -> None:
    with session_scope(engine) as session:
        new = NewState(state, "a note", run)
        set_state(session, session.get_one(FailureGroup, name), new, ANA)


def report(**cause: Any) -> FailureReport:
    """A failure as a probe tells it; the fields are those of tests.test_fingerprint's Cause."""
    told = BASE._replace(**cause)
    line = {"file": "model.py", "line": 3, "where": "upload", "text": told.text}
    return FailureReport.model_validate(
        {
            "category": told.category,
            "exception": "torch.Error",
            "message": told.message,
            "culprit": line,
            "expression": told.expression,
            "module_class": told.module_classes[-1] if told.module_classes else "",
        }
    )


def test_disguises_make_one_group_and_near_misses_none_with_it(
    engine: Engine, settings: Settings
) -> None:
    disguises = dict(islice(DISGUISES.items(), 20))
    misses = dict(islice(NEAR_MISSES.items(), 20))
    assert (len(disguises), len(misses)) == (20, 20)
    ended: dict[str, int] = {}
    for what, change in [*disguises.items(), *misses.items()]:
        ended[what] = submit(engine, settings)
        claim = claim_next(engine)
        with session_scope(engine) as session:
            session.add(failure_row(claim.run_id, report(**change)))
        assert queue.finish(engine, claim, status=RunStatus.FINISHED)
    name = report_name(engine, ended["another symbol"])
    with read_scope(engine) as session:
        together = session.scalars(
            select(col(Sighting.run_id)).where(col(Sighting.fingerprint) == name)
        ).all()
    assert sorted(together) == sorted(ended[what] for what in disguises)
    assert group(engine, name).runs == 20
    assert rows(engine, FailureGroup) == 21


def report_name(engine: Engine, run_id: int) -> str:
    """The fingerprint of a run's own failure."""
    with read_scope(engine) as session:
        failure = session.scalars(select(Failure).where(col(Failure.run_id) == run_id)).one()
    assert failure.fingerprint is not None
    return failure.fingerprint


def test_a_blocker_and_its_stage_are_one_sighting(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        blocked(seed, {}, OTHER, {})
        failed(seed, category=Category.TIMEOUT, text="", message="It took 600 s.")
    found = {row["fingerprint"]: row for row in everything(engine)["Sighting"]}
    assert len(found) == 3
    first, second = found[name_of()], found[name_of(**OTHER)]
    assert (first["blocker"], first["stage"]) == (1, 1)
    assert (second["blocker"], second["stage"]) == (2, None)
    (own,) = (row for row in found.values() if row["run_id"] == 2)
    assert (own["blocker"], own["stage"]) == (None, None)


def test_what_is_tried_besides_the_own_call_is_no_sighting(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = exported(seed)
        for n, kind in enumerate(BESIDE, start=2):
            stage = seed.stage(run, n, StageStatus.FAILED, kind)
            seed.failure(run, stage, fingerprint=name_of())
        record_sightings(seed.session, run)
        assert rows_in(seed.session) == 0
        stage = seed.stage(run, 9, StageStatus.FAILED, StageKind.SERIALIZED)
        seed.failure(run, stage, fingerprint=name_of())
        record_sightings(seed.session, run)
        assert rows_in(seed.session) == 1


def rows_in(session: Session) -> int:
    return len(session.scalars(select(Sighting)).all())


def test_counts_are_of_runs_scripts_and_runtimes(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for filename, runtime in (
            ("a.py", "one"),
            ("b.py", "one"),
            ("a.py", "two"),
            ("a.py", "one"),
        ):
            blocked(seed, filename=filename, runtime=runtime)
    found = group(engine, name_of())
    assert (found.runs, found.scripts) == (4, 2)
    assert (found.first_run_id, found.last_run_id) == (1, 4)
    places = {(p["filename"], p["runtime"]): p for p in everything(engine)["FailurePlace"]}
    place = places["a.py", "one"]
    assert (place["runs"], place["first_run_id"], place["last_run_id"]) == (2, 1, 4)
    assert len(places) == 3


def test_telling_it_again_changes_nothing(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = blocked(seed, {}, OTHER)
    before = everything(engine)
    with seeding(engine, store, settings) as seed:
        record_sightings(seed.session, seed.session.get_one(Run, run.id))
    assert everything(engine) == before


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_taking_runs_back_leaves_what_the_others_told(
    order: tuple[int, ...], engine: Engine, store: BlobStore, settings: Settings
) -> None:
    """Whatever the order, the tables are those of a history in which it never ran."""
    history: list[tuple[tuple[dict[str, Any], ...], str]] = [
        (({}, OTHER), "a.py"),
        (({},), "b.py"),
        ((OTHER,), "a.py"),
    ]
    with seeding(engine, store, settings) as seed:
        runs = [blocked(seed, *causes, filename=name) for causes, name in history]
        whole = {table: _rows(seed.session, table) for table in _TABLES}
        for n in order:
            forget_sightings(seed.session, runs[n])
        assert all(_rows(seed.session, table) == [] for table in _TABLES)
        for n in reversed(order):
            record_sightings(seed.session, runs[n])
        seed.session.expire_all()
        assert {table: _rows(seed.session, table) for table in _TABLES} == whole
        forget_sightings(seed.session, runs[0])
        seed.session.expire_all()
        first = seed.session.get_one(FailureGroup, name_of())
        other = seed.session.get_one(FailureGroup, name_of(**OTHER))
        assert (first.runs, first.scripts, first.first_run_id) == (1, 1, 2)
        assert (other.runs, other.first_run_id, other.last_run_id) == (1, 3, 3)


def test_deleting_a_run_takes_it_back(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        blocked(seed)
        blocked(seed, OTHER)
    mark(engine, name_of(**OTHER), GroupState.IGNORED)
    for run in (1, 2):
        assert client.delete(f"/api/runs/{run}").status_code == 204
    assert client.get(f"/failures/{name_of()}").status_code == 404
    assert client.get(f"/failures/{name_of(**OTHER)}").status_code == 404
    assert client.get("/api/failures").json()["failures"] == []
    with seeding(engine, store, settings) as seed:
        blocked(seed, OTHER)
    known = client.get(f"/api/failures/{name_of(**OTHER)}").json()
    assert (known["state"], known["note"], known["runs"]) == ("ignored", "a note", 1)


def test_a_fixed_failure_that_is_seen_again_is_open_and_back(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        blocked(seed)
        fixed = exported(seed)
    mark(engine, name_of(), GroupState.FIXED, fixed.id)
    with seeding(engine, store, settings) as seed:
        back = blocked(seed)
        blocked(seed)
    found = group(engine, name_of())
    assert (found.state, found.state_by) == (GroupState.OPEN, "")
    assert (found.fixed_run_id, found.back_run_id) == (fixed.id, back.id)


def test_a_run_that_began_before_it_was_fixed_does_not_bring_it_back(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        blocked(seed)
        late = blocked(seed)
        forget_sightings(seed.session, late)
    mark(engine, name_of(), GroupState.FIXED)
    with seeding(engine, store, settings) as seed:
        record_sightings(seed.session, seed.session.get_one(Run, late.id))
    found = group(engine, name_of())
    assert (found.state, found.state_by, found.runs) == (GroupState.FIXED, "ana", 2)


def test_an_ignored_failure_stays_so(engine: Engine, store: BlobStore, settings: Settings) -> None:
    with seeding(engine, store, settings) as seed:
        blocked(seed)
    mark(engine, name_of(), GroupState.IGNORED)
    with seeding(engine, store, settings) as seed:
        blocked(seed)
    found = group(engine, name_of())
    assert (found.state, found.runs, found.back_run_id) == (GroupState.IGNORED, 2, None)


def test_migrating_finds_the_failures_of_runs_that_are_there(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        blocked(seed, {}, OTHER, filename="a.py")
        blocked(seed, filename="b.py", complete=Search.CAPPED)
        failed(seed, category=Category.TIMEOUT, text="", message="It took 600 s.")
        deleted = blocked(seed, {"text": "while x > 0:"})
        forget_sightings(seed.session, deleted)
        deleted.deleted_at = deleted.finished_at
    before = everything(engine)
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", settings.url)
    engine.dispose()
    command.downgrade(config, "0007-1")
    command.upgrade(config, "head")
    after = everything(engine)
    for row in before["FailureGroup"]:
        row["module_class"] = ""  # it went with the way down
    assert after == before


def test_two_workers_end_runs_of_a_new_failure_at_once(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    """Neither sees what the other has not committed: the second waits, and finds it there."""
    with seeding(engine, store, settings) as seed:
        runs = [id_of(blocked(seed, filename=f"{n}.py")) for n in range(2)]
        for run in runs:
            forget_sightings(seed.session, seed.session.get_one(Run, run))
    together = threading.Barrier(len(runs))

    def end(run: int) -> None:
        together.wait()
        with session_scope(engine) as session:
            record_sightings(session, session.get_one(Run, run))

    threads = [threading.Thread(target=end, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = group(engine, name_of())
    assert (found.runs, found.scripts) == (2, 2)
