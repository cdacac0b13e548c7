"""What a page that follows a run is told: rows appended with each change, read by id.

Every change of a run locks its row, so the ids of one run's events are in the order in which
readers get to see them: who asks for what came after the last one misses nothing.
"""

from typing import Any

from sqlmodel import Session, col, select

from app.models import RunEvent


def announce(session: Session, run_id: int, kind: str, **data: Any) -> None:
    """Append an event in the transaction of the change it tells of.

    Kinds: "run" {status, verdict}, "stage" {n, status}, "blockers" {found}, "log" {},
    "following" {course}, "remedy" {position, status}, "contract" {}, "repro" {position},
    "about" {} (what people write at it), "comment" {}.
    """
    session.add(RunEvent(run_id=run_id, type=kind, data=data))


def since(session: Session, run_id: int, after: int, limit: int = 200) -> list[RunEvent]:
    """The run's next events with an id above `after`, oldest first."""
    query = (
        select(RunEvent)
        .where(col(RunEvent.run_id) == run_id, col(RunEvent.id) > after)
        .order_by(col(RunEvent.id))
        .limit(limit)
    )
    return list(session.exec(query))
