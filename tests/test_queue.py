"""The run row as a queue: claim, lease, heartbeat, fence, reaper, cancel; with real workers too."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlmodel import col, select, update

from app.db import db_now, session_scope
from app.errors import ConflictError
from app.models import Run, RunStatus, Stage, StageKind, StageStatus, Verdict
from app.services import queue
from app.services.identity import nobody
from app.services.live import announce, since
from app.services.queue import Beat, Claim
from app.services.record import (
    LostRunError,
    fenced,
    save_following,
    save_plan,
    save_run,
    save_verdict,
)
from app.settings import Settings
from bench.processes import descendants
from tests.worker_support import (
    GOOD,
    Story,
    claim_next,
    database,
    make_settings,
    submit,
    wait_until,
    worker_process,
    write_probe,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path, lease_seconds=1.0)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    with database(settings) as engine:
        yield engine


def cancel(engine: Engine, run_id: int) -> None:
    with session_scope(engine) as session:
        queue.request_cancel(session, session.get_one(Run, run_id), nobody())


def expire(engine: Engine) -> None:
    """Let every lease be over."""
    with session_scope(engine) as session:
        session.execute(update(Run).values(lease=db_now() - 1))


def add_stage(engine: Engine, claim: Claim, status: StageStatus) -> None:
    with fenced(engine, claim) as session:
        stage = Stage(
            run_id=claim.run_id, n=1, key="whole", kind=StageKind.WHOLE, name="w", status=status
        )
        save_plan(session, claim.run_id, [], [stage])


def test_priority_first_then_the_oldest(engine: Engine, settings: Settings) -> None:
    late, old, young = (submit(engine, settings, priority=p) for p in (1, 0, 0))
    assert [claim_next(engine).run_id for _ in range(3)] == [old, young, late]


def test_an_empty_queue_gives_nothing(engine: Engine) -> None:
    assert queue.claim(engine, "w", ["default"], 10) is None


def test_a_worker_gets_runs_of_its_runtimes_alone(engine: Engine, settings: Settings) -> None:
    other = submit(engine, settings, runtime="torch-2.14")
    assert queue.claim(engine, "w", ["default"], 10) is None
    claim = queue.claim(engine, "w", ["default", "torch-2.14"], 10)
    assert claim == Claim(other, 1)


def test_two_claimers_never_get_the_same_run(engine: Engine, settings: Settings) -> None:
    runs = {submit(engine, settings) for _ in range(30)}
    claimed: list[int] = []

    def work() -> None:
        while claim := queue.claim(engine, threading.current_thread().name, ["default"], 10):
            claimed.append(claim.run_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(runs)


def test_on_postgresql_claimers_skip_what_others_lock(engine: Engine) -> None:
    statement = str(queue.take_next("w", ["default"], 10).compile(dialect=PGDialect()))  # type: ignore[no-untyped-call]
    assert "FOR UPDATE OF run SKIP LOCKED" in statement
    assert "RETURNING" in statement


def test_a_heartbeat_keeps_the_lease_alive(engine: Engine, settings: Settings) -> None:
    submit(engine, settings)
    claim = claim_next(engine, lease_seconds=0.2)
    assert queue.heartbeat(engine, claim, 60) is Beat.KEEP
    time.sleep(0.3)
    assert queue.reap(engine, attempts=2) == 0


def test_a_lease_that_ran_out_puts_the_run_back(engine: Engine, settings: Settings) -> None:
    run_id = submit(engine, settings)
    claim = claim_next(engine, lease_seconds=0.1)
    add_stage(engine, claim, StageStatus.RUNNING)
    time.sleep(0.2)
    assert queue.reap(engine, attempts=2) == 1

    story = Story(engine, run_id)
    assert (story.run.status, story.run.lost) == (RunStatus.QUEUED, 1)
    assert story.stages == [], "the next attempt starts afresh"
    assert claim_next(engine) == Claim(run_id, 2)


def test_a_run_that_loses_worker_after_worker_fails(engine: Engine, settings: Settings) -> None:
    run_id = submit(engine, settings)
    for _ in range(2):
        claim = claim_next(engine)
        add_stage(engine, claim, StageStatus.RUNNING)
        expire(engine)
        assert queue.reap(engine, attempts=2) == 1

    story = Story(engine, run_id)
    assert (story.run.status, story.run.reason) == (RunStatus.FAILED, "worker lost 2 times")
    assert story.run.finished_at is not None
    assert story.outline == {"whole": "skipped"}
    assert story.stages[0].reason == "worker lost 2 times"
    assert queue.reap(engine, attempts=2) == 0


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_verdict_survives_the_worker_that_followed_it_up(
    cancelled: bool, engine: Engine, settings: Settings
) -> None:
    run_id = submit(engine, settings)
    claim = claim_next(engine)
    with fenced(engine, claim) as session:
        save_verdict(session, run_id, Verdict.PARTLY)
        save_following(session, run_id, "remedies")
    if cancelled:
        cancel(engine, run_id)
    assert queue.abandon(engine, "w", attempts=1) == 1
    run = Story(engine, run_id).run
    assert (run.status, run.verdict, run.following) == (RunStatus.FINISHED, Verdict.PARTLY, "")
    assert "its worker was lost" in run.notes[0]["message"]


def test_a_dead_worker_s_run_is_put_back_at_once(engine: Engine, settings: Settings) -> None:
    runs = [submit(engine, settings) for _ in range(2)]
    claim_next(engine, worker="dead")
    claim_next(engine, worker="alive")
    assert queue.abandon(engine, "dead", attempts=2) == 1
    assert [Story(engine, r).run.status for r in runs] == [RunStatus.QUEUED, RunStatus.RUNNING]


def test_an_old_attempt_changes_nothing(engine: Engine, settings: Settings) -> None:
    run_id = submit(engine, settings)
    old = claim_next(engine)
    expire(engine)
    queue.reap(engine, attempts=2)
    with pytest.raises(LostRunError), fenced(engine, old):
        pytest.fail("a queued run is nobody's")
    new = claim_next(engine, worker="another")
    add_stage(engine, new, StageStatus.RUNNING)
    before = Story(engine, run_id)

    assert queue.heartbeat(engine, old, 10) is Beat.LOST
    assert not queue.finish(engine, old, status=RunStatus.FINISHED)
    assert not queue.hand_back(engine, old)
    with pytest.raises(LostRunError), fenced(engine, old) as session:
        save_verdict(session, run_id, Verdict.EXPORTED)

    after = Story(engine, run_id)
    assert after.run.model_dump() == before.run.model_dump()
    assert len(after.events) == len(before.events)
    assert queue.finish(engine, new, status=RunStatus.FINISHED)


def test_an_ended_run_takes_no_more_writes(engine: Engine, settings: Settings) -> None:
    submit(engine, settings)
    claim = claim_next(engine)
    assert queue.finish(engine, claim, status=RunStatus.FINISHED)
    assert not queue.finish(engine, claim, status=RunStatus.FAILED, reason="again")
    with pytest.raises(LostRunError), fenced(engine, claim):
        pytest.fail("the run has ended")


def test_an_error_inside_a_fenced_write_leaves_nothing(engine: Engine, settings: Settings) -> None:
    run_id = submit(engine, settings)
    claim = claim_next(engine)

    def write_and_fail() -> None:
        with fenced(engine, claim) as session:
            save_run(session, run_id, notes=[{"code": "a", "message": "b"}])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert Story(engine, run_id).run.notes == []


def test_a_run_handed_back_does_not_count_as_lost(engine: Engine, settings: Settings) -> None:
    run_id = submit(engine, settings)
    for attempt in range(1, 4):
        claim = claim_next(engine)
        assert claim.attempt == attempt, "the fence never goes back"
        assert queue.hand_back(engine, claim)
    run = Story(engine, run_id).run
    assert (run.status, run.lost, run.worker) == (RunStatus.QUEUED, 0, None)


def test_a_queued_run_is_cancelled_at_once(engine: Engine, settings: Settings) -> None:
    run_id = submit(engine, settings)
    cancel(engine, run_id)
    assert Story(engine, run_id).run.status == RunStatus.CANCELLED
    assert queue.claim(engine, "w", ["default"], 10) is None


def test_a_running_run_hears_of_its_cancel_by_heartbeat(engine: Engine, settings: Settings) -> None:
    run_id = submit(engine, settings)
    claim = claim_next(engine)
    cancel(engine, run_id)
    assert Story(engine, run_id).run.status == RunStatus.RUNNING
    assert queue.heartbeat(engine, claim, 10) is Beat.CANCEL
    cancel(engine, run_id)  # a second click is no error


def test_an_ended_run_cannot_be_cancelled(engine: Engine, settings: Settings) -> None:
    run_id = submit(engine, settings)
    queue.finish(engine, claim_next(engine), status=RunStatus.FINISHED)
    with pytest.raises(ConflictError, match="nothing to cancel"):
        cancel(engine, run_id)


@pytest.mark.parametrize("way", ["reap", "hand back"])
def test_a_cancelled_run_is_not_tried_again(engine: Engine, settings: Settings, way: str) -> None:
    run_id = submit(engine, settings)
    claim = claim_next(engine)
    cancel(engine, run_id)
    if way == "reap":
        expire(engine)
        queue.reap(engine, attempts=2)
    else:
        queue.hand_back(engine, claim)
    assert Story(engine, run_id).run.status == RunStatus.CANCELLED


def test_events_are_read_from_where_a_reader_left_off(engine: Engine, settings: Settings) -> None:
    run_id, other = submit(engine, settings), submit(engine, settings)
    with session_scope(engine) as session:
        for n in range(5):
            announce(session, run_id, "stage", n=n, status="passed")
            announce(session, other, "log")
    with session_scope(engine) as session:
        first = since(session, run_id, after=0, limit=2)
        assert [event.data["n"] for event in first] == [0, 1]
        assert first[-1].id is not None
        rest = since(session, run_id, after=first[-1].id)
        assert [event.data["n"] for event in rest] == [2, 3, 4]


def wait_for_end(engine: Engine, run_id: int) -> None:
    wait_until(lambda: Story(engine, run_id).run.status.ended)


# Loads, and then waits for the file `go` of the test, whichever attempt it is.
PATIENT = """
begin("backbone")
while not os.path.exists({go!r}):
    time.sleep(0.02)
if STAGED:
    component("backbone")
else:
    whole()
finish()
"""


def test_a_worker_finishes_what_is_queued_and_ends_on_sigterm(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    probe = write_probe(tmp_path, GOOD)
    with worker_process(settings, "one", probe) as process:
        runs = [submit(engine, settings) for _ in range(2)]
        for run_id in runs:
            wait_for_end(engine, run_id)
            run = Story(engine, run_id).run
            assert run.status == RunStatus.FINISHED
            assert run.used_seconds > 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_a_worker_that_is_told_to_end_hands_its_run_back(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    probe = write_probe(tmp_path, PATIENT.format(go=str(go)))
    run_id = submit(engine, settings)
    with worker_process(settings, "one", probe) as process:
        wait_until(lambda: Story(engine, run_id).outline)
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
    story = Story(engine, run_id)
    assert (story.run.status, story.run.lost, story.stages) == (RunStatus.QUEUED, 0, [])


def test_a_cancel_reaches_a_worker_in_about_a_second(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    probe = write_probe(tmp_path, PATIENT.format(go=str(tmp_path / "go")))
    run_id = submit(engine, settings)
    with worker_process(settings, "one", probe):
        wait_until(lambda: Story(engine, run_id).outline)
        cancel(engine, run_id)
        started = time.monotonic()
        wait_until(lambda: Story(engine, run_id).run.status == RunStatus.CANCELLED)
        assert time.monotonic() - started < 3
    assert set(Story(engine, run_id).outline.values()) == {"skipped"}


def test_after_a_kill_another_worker_takes_the_run_up_and_finishes_it_once(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    probe = write_probe(tmp_path, PATIENT.format(go=str(go)))
    run_id = submit(engine, settings)
    with worker_process(settings, "first", probe) as first:
        wait_until(lambda: Story(engine, run_id).outline)
        below = list(descendants(first.pid))
        assert len(below) == 3, "a zygote and two probes"
        first.kill()
        first.wait()
        go.touch()
        # They died with the worker, and did not go on with nobody to listen.
        wait_until(lambda: not any(Path(f"/proc/{pid}/cwd").exists() for pid in below))
    with worker_process(settings, "second", probe):
        wait_for_end(engine, run_id)

    story = Story(engine, run_id)
    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.EXPORTED)
    assert (story.run.worker, story.run.attempt, story.run.lost) == ("second", 2, 1)
    assert story.outline == {"component:backbone": "passed", "whole": "passed"}
    ends = [e for e in story.events if e.type == "run" and e.data["status"] == "finished"]
    assert len(ends) == 1


def test_a_worker_that_slept_past_its_lease_changes_nothing(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    probe = write_probe(tmp_path, PATIENT.format(go=str(go)))
    run_id = submit(engine, settings)
    with worker_process(settings, "sleeper", probe) as sleeper:
        wait_until(lambda: Story(engine, run_id).outline)
        sleeper.send_signal(signal.SIGSTOP)
        with worker_process(settings, "second", probe) as second:
            wait_until(lambda: Story(engine, run_id).run.worker == "second")
            go.touch()
            wait_until(lambda: Story(engine, run_id).run.status == RunStatus.FINISHED)
            second.send_signal(signal.SIGTERM)
            assert second.wait(5) == 0
        before = Story(engine, run_id)
        sleeper.send_signal(signal.SIGCONT)
        other = submit(engine, settings)  # it lives, and works on
        wait_until(lambda: Story(engine, other).run.status == RunStatus.FINISHED)
        assert Story(engine, other).run.worker == "sleeper"
    after = Story(engine, run_id)
    assert after.run.model_dump() == before.run.model_dump()
    assert [e.id for e in after.events] == [e.id for e in before.events]
    assert after.run.worker == "second"
    with session_scope(engine) as session:
        stages = session.exec(select(Stage).where(col(Stage.run_id) == run_id)).all()
        assert len(stages) == 2
