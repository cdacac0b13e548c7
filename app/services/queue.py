"""The queue: the run row itself, its lease and its fence.

A worker takes a run in one transaction and holds it by a lease on the database's clock that its
heartbeat renews. `attempt` grows with every claim and is the fence: whoever writes names the
attempt he holds, and changes nothing when it is not the current one any more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import ColumnElement, Engine, update
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import Session, col, select

from app.db import db_now, read_scope, session_scope
from app.errors import ConflictError
from app.models import Act, Run, RunStatus
from app.models.columns import utc_now
from app.services.asker import Asker
from app.services.attempt import category_of, close_stages, forget
from app.services.audit import record
from app.services.holdings import add_result
from app.services.live import announce
from app.services.search import index_run
from app.services.sightings import record_sightings
from app.services.turns import in_turn, waiting_in
from app.services.webhook_events import run_finished

WORKER_LOST = {
    "code": "follow_ups_left",
    "message": "Not all was tried after the verdict: its worker was lost. Run it again.",
}


@dataclass(frozen=True)
class Claim:
    """The right to work on a run, until somebody else holds a later attempt of it."""

    run_id: int
    attempt: int


class Beat(Enum):
    """What a heartbeat learns."""

    KEEP = "keep"  # the lease is renewed
    CANCEL = "cancel"  # it is, and somebody asked to cancel the run
    LOST = "lost"  # the run is another's: kill what runs, write nothing


def claim(
    engine: Engine, worker: str, runtimes: Collection[str], lease_seconds: float
) -> Claim | None:
    """Take the next run that one of `runtimes` serves, see app/services/turns.py."""
    waiting = waiting_in([*runtimes])
    with read_scope(engine) as session:  # an idle worker's poll must not hold up a writer
        if session.exec(select(Run.id).where(waiting).limit(1)).first() is None:
            return None
    with session_scope(engine) as session:
        row = session.execute(take_next(worker, runtimes, lease_seconds)).first()
        if row is None:
            return None
        announce(session, row.id, "run", status=RunStatus.RUNNING, verdict=None)
        return Claim(row.id, row.attempt)


def take_next(
    worker: str, runtimes: Collection[str], lease_seconds: float
) -> ReturningUpdate[int | None, int]:
    """The statement that claims: one update, so that two claimers never get the same run."""
    following = (
        in_turn([*runtimes])
        .limit(1)
        # On PostgreSQL; SQLite has one writer at a time. Two who claim at once may serve one owner.
        .with_for_update(skip_locked=True, of=Run)
        .correlate(None)
        .scalar_subquery()
    )
    return (
        update(Run)
        .where(col(Run.id) == following, col(Run.status) == RunStatus.QUEUED)
        .values(
            status=RunStatus.RUNNING,
            attempt=col(Run.attempt) + 1,
            worker=worker,
            lease=db_now() + lease_seconds,
            started_at=utc_now(),
        )
        .returning(col(Run.id), col(Run.attempt))
    )


def held(claim: Claim) -> ColumnElement[bool]:
    """The fence: true of the run's row while `claim` is the one that counts."""
    return (
        (col(Run.id) == claim.run_id)
        & (col(Run.attempt) == claim.attempt)
        & (col(Run.status) == RunStatus.RUNNING)
    )


def heartbeat(engine: Engine, claim: Claim, lease_seconds: float, worked: float = 0.0) -> Beat:
    """Renew the lease, and learn whether to go on. `worked`: seconds that were not told yet."""
    renew = (
        update(Run)
        .where(held(claim))
        .values(lease=db_now() + lease_seconds, used_seconds=col(Run.used_seconds) + worked)
        .returning(col(Run.cancel_requested))
    )
    with session_scope(engine) as session:
        cancel = session.execute(renew).scalar_one_or_none()
    if cancel is None:
        return Beat.LOST
    return Beat.CANCEL if cancel else Beat.KEEP


def finish(
    engine: Engine, claim: Claim, *, status: RunStatus, reason: str = "", worked: float = 0.0
) -> bool:
    """End a run with all its stages. False: the fence refused, and nothing changed."""
    assert status.ended, f"{status} is no end"
    with session_scope(engine) as session:
        run = _lock(session, held(claim))
        if run is None:
            return False
        run.used_seconds += worked
        _end(session, run, status, reason)
        return True


def hand_back(engine: Engine, claim: Claim, worked: float = 0.0) -> bool:
    """Put a run back whose worker ends in good order; its next attempt starts afresh."""
    with session_scope(engine) as session:
        run = _lock(session, held(claim))
        if run is None:
            return False
        run.used_seconds += worked
        if run.cancel_requested:
            _end(session, run, RunStatus.CANCELLED, "")
        else:
            _queue_again(session, run)
        return True


def reap(engine: Engine, attempts: int) -> int:
    """Take the runs from workers whose lease ran out; returns how many there were.

    A run that lost `attempts` workers fails, for it may be what kills them.
    """
    return _recover(engine, attempts, col(Run.lease) < db_now())


def abandon(engine: Engine, worker: str, attempts: int) -> int:
    """The same, at once, for a worker that is known to be dead."""
    return _recover(engine, attempts, col(Run.worker) == worker)


def request_cancel(session: Session, run: Run, asker: Asker) -> None:
    """Cancel a queued run at once, a running one at its worker's next heartbeat."""
    session.refresh(run, with_for_update=True)
    assert run.id is not None
    if run.status.ended:
        raise ConflictError(
            f"Run {run.id} is {run.status.value}: there is nothing to cancel.",
            "Start it again to have it run once more.",
            code="run_ended",
        )
    if run.status == RunStatus.QUEUED:
        _end(session, run, RunStatus.CANCELLED, "")
    else:
        run.cancel_requested = True
        session.add(run)
    record(session, asker, Act.RUN_CANCELLED, f"run {run.id}", title=run.title, owner=run.owner)


def _recover(engine: Engine, attempts: int, which: ColumnElement[bool]) -> int:
    lost = (col(Run.status) == RunStatus.RUNNING) & which
    with read_scope(engine) as session:
        if session.exec(select(Run.id).where(lost).limit(1)).first() is None:
            return 0
    with session_scope(engine) as session:
        query = select(Run).where(lost).order_by(col(Run.id)).with_for_update(skip_locked=True)
        runs = session.exec(query).all()
        for run in runs:
            run.lost += 1
            if run.following:  # its verdict stands
                run.notes = [*run.notes, WORKER_LOST]
                _end(session, run, RunStatus.FINISHED, "")
            elif run.cancel_requested:
                _end(session, run, RunStatus.CANCELLED, "")
            elif run.lost >= attempts:
                _end(session, run, RunStatus.FAILED, f"worker lost {_times(run.lost)}")
            else:
                _queue_again(session, run)
        return len(runs)


def _lock(session: Session, which: ColumnElement[bool]) -> Run | None:
    return session.exec(select(Run).where(which).with_for_update()).one_or_none()


def _end(session: Session, run: Run, status: RunStatus, reason: str) -> None:
    assert run.id is not None
    run.status = status
    run.reason = reason
    run.lease = None
    run.following = ""
    run.finished_at = utc_now()
    session.add(run)
    run.category = session.execute(select(category_of(run.id))).scalar_one()
    index_run(session, run.id)
    close_stages(session, run.id, reason or f"the run was {status.value} before it")
    record_sightings(session, run)
    run_finished(session, run)
    add_result(session, run)
    announce(session, run.id, "run", status=status, verdict=run.verdict)


def _queue_again(session: Session, run: Run) -> None:
    assert run.id is not None
    run.status = RunStatus.QUEUED
    run.worker = None
    run.lease = None
    session.add(run)
    session.flush()
    forget(session, run.id)
    announce(session, run.id, "run", status=RunStatus.QUEUED, verdict=None)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
