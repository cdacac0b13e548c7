"""Which runs are there: those in the trash are in no list, and named by no other run."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.models import Run

_parent = aliased(Run)


def deleted_runs() -> Select[Any]:
    """The ids of those in the trash: they are few, and an index has them."""
    return select(col(Run.id)).where(col(Run.deleted_at).is_not(None))


def not_deleted() -> ColumnElement[bool]:
    """Whether a run is there. The column itself stands behind what is long in a run's row: to read
    it there costs more than all else.
    """
    return col(Run.id).not_in(deleted_runs())


def parent_there() -> ColumnElement[int | None]:
    """The run that a run repeats; null where it repeats none, or one that was deleted."""
    return (
        select(col(_parent.id))
        .where(col(_parent.id) == col(Run.parent_id), col(_parent.deleted_at).is_(None))
        .correlate(Run)
        .scalar_subquery()
    )
