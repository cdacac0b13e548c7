"""Which workers there are: each says so at its start, while it lives, and at its end."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, update
from sqlmodel import Session, col, select

from app.db import db_now, session_scope
from app.models import Worker
from app.services.view import View

WORKER_LOST_SECONDS = 60  # a worker that was not seen for so long is gone


class WorkerView(View):
    """A worker, as it said of itself. `lost`: it was not seen for a minute."""

    name: str
    host: str
    pid: int
    runtimes: list[str]
    tier: str  # full, filters, reduced, off; empty where it refuses every run
    reason: str  # why it refuses or has no better tier, and what to do
    layers: dict[str, str]  # what holds on its host
    started_at: datetime
    seen_at: datetime
    lost: bool


class WorkerList(View):
    """All workers that are known."""

    workers: list[WorkerView]


def register(engine: Engine, worker: Worker) -> None:
    """Say that the worker is there; what was known under its name is replaced."""
    with session_scope(engine) as session:
        values = worker.model_dump() | {"seen_at": _now(session)}
        session.merge(Worker(**values))


def seen(engine: Engine, name: str) -> bool:
    """Say that the worker still lives, and remove others that have not for too long.

    False: another did not see it for too long and removed it; it has to register again.
    """
    with session_scope(engine) as session:
        now = _now(session)
        lost = col(Worker.seen_at) < now - timedelta(seconds=WORKER_LOST_SECONDS)
        session.execute(delete(Worker).where(lost, col(Worker.name) != name))
        touch = update(Worker).where(col(Worker.name) == name).values(seen_at=now)
        return session.execute(touch.returning(col(Worker.name))).first() is not None


def sign_off(engine: Engine, name: str) -> None:
    """Say that the worker ends."""
    with session_scope(engine) as session:
        session.execute(delete(Worker).where(col(Worker.name) == name))


def list_workers(session: Session) -> list[Worker]:
    """All that are known, by name. One that was killed stays until another is there to see it."""
    return list(session.exec(select(Worker).order_by(col(Worker.name))))


def worker_views(session: Session) -> list[WorkerView]:
    """The same, each with whether it is lost."""
    last = _now(session) - timedelta(seconds=WORKER_LOST_SECONDS)
    return [
        WorkerView.model_validate({**worker.model_dump(), "lost": worker.seen_at < last})
        for worker in list_workers(session)
    ]


def _now(session: Session) -> datetime:
    """By the database's clock: those of many hosts differ."""
    return datetime.fromtimestamp(session.exec(select(db_now())).one(), UTC)
