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
class _Line:
    """The runs of one owner that wait, with one priority. Of several the least is served next."""

    running: int
    served: datetime
    oldest: int  # its id, which no other line has
    runs: int


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
    """How many runs come before this one that waits, as it stands now.

    Every owner is served once a round, and those whose turn comes before its own owner's once more
    in its own round.
    """
    me = session.execute(
        select(col(Run.owner), col(Run.priority), col(Run.runtime)).where(col(Run.id) == run_id)
    ).one()
    waiting = waiting_in([me.runtime])
    not_after = (col(Run.owner) != me.owner) | (col(Run.id) <= run_id)
    lines = _lines(session, waiting, (col(Run.priority) == me.priority) & not_after)
    mine = lines.pop(me.owner, None)
    if mine is None:  # it was taken right now
        return 0
    sooner = select(func.count()).where(waiting, col(Run.priority) < me.priority)
    rounds = mine.runs
    others = sum(min(one.runs, rounds if one < mine else rounds - 1) for one in lines.values())
    return (session.scalar(sooner) or 0) + rounds - 1 + others


def _lines(
    session: Session, waiting: ColumnElement[bool], which: ColumnElement[bool]
) -> dict[str, _Line]:
    """By owner, of those that wait which count."""
    turns = _turns(waiting)
    query = (
        select(*turns.c, func.min(col(Run.id)).label("oldest"), func.count().label("runs"))
        .join(turns, turns.c.owner == col(Run.owner))
        .where(waiting, which)
        .group_by(*turns.c)
    )
    return {
        row.owner: _Line(row.running, row.served or NEVER, row.oldest, row.runs)
        for row in session.execute(query)
    }


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
