"""Which workers are there: registered, seen, lost, signed off; and what tier a run had."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col

from app.db import read_scope, session_scope
from app.models import Run, RunStatus, Verdict, Worker
from app.models.columns import utc_now
from app.services import queue
from app.services.identity import nobody
from app.services.live import since
from app.services.record import fenced, save_sandbox
from app.services.runs import repeat_run
from app.services.storage import BlobStore
from app.services.workers import (
    WORKER_LOST_SECONDS,
    list_workers,
    register,
    seen,
    sign_off,
    worker_views,
)
from app.settings import Settings
from tests.web_support import id_of, make_worker, seeding


def names(engine: Engine) -> list[str]:
    with read_scope(engine) as session:
        return [worker.name for worker in list_workers(session)]


def forget_for(engine: Engine, name: str, seconds: float) -> None:
    """Let a worker have been silent for so long."""
    with session_scope(engine) as session:
        then = utc_now() - timedelta(seconds=seconds)
        session.execute(update(Worker).where(col(Worker.name) == name).values(seen_at=then))


def test_a_worker_says_what_it_is(engine: Engine) -> None:
    register(engine, make_worker("b", tier="full", layers={"landlock": "ABI 7"}))
    register(engine, make_worker("a", tier="", reason="No Landlock. Use a newer kernel."))
    with read_scope(engine) as session:
        first, second = list_workers(session)
    assert (first.name, first.tier, first.reason) == ("a", "", "No Landlock. Use a newer kernel.")
    assert (second.layers, second.runtimes, second.pid) == ({"landlock": "ABI 7"}, ["default"], 7)
    assert utc_now() - second.seen_at < timedelta(seconds=30)


def test_a_worker_that_starts_again_replaces_what_was_known(engine: Engine) -> None:
    register(engine, make_worker("a", tier="full"))
    register(engine, make_worker("a", tier="off", layers={}))
    with read_scope(engine) as session:
        (worker,) = list_workers(session)
    assert (worker.tier, worker.layers) == ("off", {})


def test_a_worker_that_is_seen_removes_those_that_are_lost(engine: Engine) -> None:
    for name in ("here", "slow", "lost"):
        register(engine, make_worker(name))
    forget_for(engine, "here", 5 * WORKER_LOST_SECONDS)
    forget_for(engine, "slow", WORKER_LOST_SECONDS - 10)
    forget_for(engine, "lost", WORKER_LOST_SECONDS + 10)
    with read_scope(engine) as session:
        assert {w.name: w.lost for w in worker_views(session)} == {
            "here": True,
            "slow": False,
            "lost": True,
        }
    assert seen(engine, "here")
    assert names(engine) == ["here", "slow"]
    with read_scope(engine) as session:
        assert not any(worker.lost for worker in worker_views(session))


def test_a_worker_learns_that_it_was_removed(engine: Engine) -> None:
    assert not seen(engine, "nobody")
    assert names(engine) == []


def test_a_worker_that_ends_is_gone(engine: Engine) -> None:
    for name in ("a", "b"):
        register(engine, make_worker(name))
    sign_off(engine, "a")
    sign_off(engine, "a")
    assert names(engine) == ["b"]


def tier_of(session: Session, run_id: int) -> str | None:
    return session.get_one(Run, run_id).sandbox


def test_a_run_has_no_tier_until_a_worker_says_so_and_none_when_it_goes_back(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run_id = id_of(seed.run())
        assert tier_of(seed.session, run_id) is None
    claim = queue.claim(engine, "w", ["default"], 60)
    assert claim is not None
    with fenced(engine, claim) as session:
        assert tier_of(session, run_id) is None
        save_sandbox(session, run_id, "filters")
    with read_scope(engine) as session:
        assert tier_of(session, run_id) == "filters"
        assert [e.type for e in since(session, run_id, 0)] == ["run", "run"]  # claim, tier
    assert queue.hand_back(engine, claim)
    with read_scope(engine) as session:
        assert tier_of(session, run_id) is None


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_run_whose_worker_is_lost_keeps_its_tier_only_if_it_ends(
    attempts: int, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run()
    claim = queue.claim(engine, "w", ["default"], 60)
    assert claim is not None
    with fenced(engine, claim) as session:
        save_sandbox(session, claim.run_id, "off")
    assert queue.abandon(engine, "w", attempts) == 1
    with read_scope(engine) as session:
        run = session.get_one(Run, claim.run_id)
    ended = attempts == 1
    assert run.status is (RunStatus.FAILED if ended else RunStatus.QUEUED)
    assert run.sandbox == ("off" if ended else None)


def test_a_rerun_does_not_inherit_the_tier(
    engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        parent = seed.finished(Verdict.EXPORTED, sandbox="off")
        child = repeat_run(seed.session, store, parent, settings=settings, asker=nobody())
        assert child.sandbox is None
