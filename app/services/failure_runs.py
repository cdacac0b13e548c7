"""The runs that a failure names, as far as they are there: those in the trash are named nowhere."""

from typing import Any

from sqlalchemy import case, func, select, update
from sqlmodel import Session, col

from app.models import FailureGroup, Sighting
from app.services.there import deleted_runs


def fixed_run() -> Any:
    """The run that a group is said to be gone in; null where that one is deleted."""
    fixed = col(FailureGroup.fixed_run_id)
    return case((fixed.not_in(deleted_runs()), fixed))


def back_run() -> Any:
    """The first run that a group is back in, of those that are there; null where there is none.

    Sightings go with a run that is deleted, so the next one stands in for it.
    """
    return (
        select(func.min(col(Sighting.run_id)))
        .where(
            col(Sighting.fingerprint) == col(FailureGroup.fingerprint),
            col(Sighting.run_id) >= col(FailureGroup.back_run_id),
        )
        .correlate(FailureGroup)
        .scalar_subquery()
    )


def hand_on(session: Session, run_id: int) -> None:
    """What is back in a run that goes for good is back in the next one."""
    session.execute(
        update(FailureGroup)
        .where(col(FailureGroup.back_run_id) == run_id)
        .values(back_run_id=back_run()),
        execution_options={"synchronize_session": False},
    )
