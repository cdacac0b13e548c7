"""The rows of one attempt at a run: closed when the run ends, removed when it is tried again."""

from typing import Any

from sqlalchemy import ScalarSelect, delete, null, update
from sqlmodel import Session, col, select

from app.models import (
    Blocker,
    Component,
    Failure,
    Remedy,
    Run,
    RunLog,
    Stage,
    StageStatus,
)
from app.services.live import announce
from app.services.main_failure import is_main

OPEN = (StageStatus.PENDING, StageStatus.RUNNING)


def close_stages(session: Session, run_id: int, reason: str) -> None:
    """Mark what is still open as skipped: an ended run has no stage that waits or runs."""
    still_open = (col(Stage.run_id) == run_id) & col(Stage.status).in_(OPEN)
    numbers = session.exec(select(Stage.n).where(still_open).order_by(col(Stage.n))).all()
    if not numbers:
        return
    session.execute(
        update(Stage).where(still_open).values(status=StageStatus.SKIPPED, reason=reason)
    )
    for n in numbers:
        announce(session, run_id, "stage", n=n, status=StageStatus.SKIPPED)


def category_of(run_id: int) -> ScalarSelect[Any]:
    """What kind of thing stops a run: its own failure's category, else its whole stage's."""
    return (
        select(Failure.category)
        .outerjoin(Stage, col(Stage.id) == col(Failure.stage_id))
        .where(
            col(Failure.run_id) == run_id,
            is_main(),
        )
        .order_by(col(Failure.stage_id).is_not(None), col(Failure.id))
        .limit(1)
        .scalar_subquery()
    )


def forget(session: Session, run_id: int) -> None:
    """Remove all that an attempt left, but for its events: a browser resumes from their ids."""
    for table in (Remedy, Blocker, Failure, Stage, Component, RunLog):  # guards go with their stage
        session.execute(delete(table).where(col(table.run_id) == run_id))
    session.execute(
        update(Run)
        .where(col(Run.id) == run_id)
        .values(
            verdict=None,
            category=None,
            model_class="",
            reason="",
            sandbox=None,
            started_at=None,
            whole_at=None,
            loaded=null(),
            eager=null(),
            coverage=null(),
            search=null(),
            notes=[],
            contract=null(),
            following="",
            stored_bytes=0,
        )
    )
