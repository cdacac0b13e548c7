"""Whose turn it is among those who wait: the order in which queued runs are taken.

By priority; then between people, first who has the fewest runs running, then who was served
longest ago; then the oldest. A run with a verdict that is followed up does not count as running:
its worker leaves it, errand by errand, for every run that is queued.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import CTE, ColumnElement, Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.models import Run, RunStatus

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, order=True)
class _Turn:
    """When an owner is served next: the least comes first."""

    running: int
    served: datetime
    oldest: int  # the id of the run that it is about


def waiting_in(runtimes: list[str]) -> ColumnElement[bool]:
    """The condition that a run waits for a worker with one of these runtimes."""
    return (col(Run.status) == RunStatus.QUEUED) & col(Run.runtime).in_(runtimes)


def in_turn(runtimes: list[str]) -> Select[int | None]:
    """The ids of all that wait, the next one first."""
    turns = _turns(waiting_in(runtimes))
    return (
        select(col(Run.id))
        .join(turns, turns.c.owner == col(Run.owner))
        .where(waiting_in(runtimes))
        .order_by(
            col(Run.priority), turns.c.running, turns.c.served.asc().nulls_first(), col(Run.id)
        )
    )


def count_ahead(session: Session, run_id: int) -> int:
    """How many runs come before this one that waits, if no more are queued.

    Everybody is served once a round, those before its owner once more in its own round.
    """
    me = session.execute(
        select(col(Run.owner), col(Run.priority), col(Run.runtime)).where(col(Run.id) == run_id)
    ).one()
    waiting = waiting_in([me.runtime])
    turns = _turns(waiting)
    rows = session.execute(
        select(
            turns.c.owner,
            turns.c.running,
            turns.c.served,
            func.count().label("runs"),
            func.min(col(Run.id)).label("oldest"),
        )
        .join(turns, turns.c.owner == col(Run.owner))
        .where(
            waiting,
            col(Run.priority) == me.priority,
            (col(Run.owner) != me.owner) | (col(Run.id) <= run_id),
        )
        .group_by(turns.c.owner, turns.c.running, turns.c.served)
    ).all()
    found = {
        row.owner: (_Turn(row.running, row.served or NEVER, row.oldest), row.runs) for row in rows
    }
    mine, rounds = found.pop(me.owner, (None, 1))
    sooner = select(func.count()).where(waiting, col(Run.priority) < me.priority)
    others = sum(
        min(runs, rounds if mine is not None and turn < mine else rounds - 1)
        for turn, runs in found.values()
    )
    return (session.scalar(sooner) or 0) + int(rounds - 1 + others)


def _turns(waiting: ColumnElement[bool]) -> CTE:
    """Each owner of a run that waits, with how many of theirs run and when one last began.

    Materialised: else both are counted for each run that waits, not for each owner.
    """
    owners = select(col(Run.owner)).where(waiting).distinct().subquery()
    other = aliased(Run)
    theirs = col(other.owner) == owners.c.owner
    running = select(func.count()).where(
        theirs, col(other.status) == RunStatus.RUNNING, col(other.following) == ""
    )
    served = select(func.max(col(other.started_at))).where(theirs)
    return (
        select(
            owners.c.owner,
            running.scalar_subquery().label("running"),
            served.scalar_subquery().label("served"),
        )
        .cte("turn")
        .prefix_with("MATERIALIZED")
    )
