"""A run's blockers, and what of them stands with the failures of its stages.

Where no search has told any, the whole stage's failure is the one that is known.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import Session, col

from app.errors import NotFoundError
from app.models import Blocker, Category, Failure, Stage, StageKind
from app.services.failure_views import BlockerDetail, BlockerView, FailureView, SourceView
from app.services.remedies import remedy_views

Place = tuple[Category, str | None, int | None]
AnyFailure = TypeVar("AnyFailure", bound=FailureView)

_REPRO: Any = col(Blocker.repro)
# The columns of a BlockerView: without frames, stack and repro, which may be long.
_BRIEF = [
    *(getattr(Blocker, name) for name in BlockerView.model_fields if name in Blocker.model_fields),
    _REPRO["status"].as_string().label("repro_status"),
]


def blocker_views(
    session: Session, run_id: int, whole: FailureView | None
) -> tuple[BlockerView, ...]:
    """All blockers, in order of execution; `whole` is the failure of the whole stage."""
    rows = session.execute(
        select(*_BRIEF).where(col(Blocker.run_id) == run_id).order_by(col(Blocker.position))
    )
    found = tuple(BlockerView.model_validate(dict(row._mapping)) for row in rows)
    return found or ((_only(whole),) if whole else ())


def blocker_detail(session: Session, run_id: int, position: int) -> BlockerDetail:
    """One blocker in full, or NotFoundError."""
    query = select(Blocker).where(col(Blocker.run_id) == run_id, col(Blocker.position) == position)
    row = session.scalar(query)
    remedies = remedy_views(session, run_id, position)
    if row is not None:
        status = row.repro["status"] if row.repro else None
        more = {"remedies": remedies, "repro_status": status}
        return BlockerDetail.model_validate(row).model_copy(update=more)
    failure = _failure_of_whole(session, run_id) if position == 1 else None
    if failure is None:
        raise NotFoundError(
            f"Run {run_id} has no blocker {position}.", "Its page lists all that stop the model."
        )
    given = {**failure.model_dump(), "position": 1, "remedies": remedies}
    return BlockerDetail.model_validate(given)


def source_views(session: Session, run_id: int) -> dict[int, SourceView]:
    """The source around each blocker, by its position."""
    rows = session.execute(
        select(col(Blocker.position), col(Blocker.source)).where(col(Blocker.run_id) == run_id)
    )
    return {row.position: SourceView.model_validate(row.source) for row in rows if row.source}


def blocker_positions(session: Session, run_id: int) -> frozenset[int]:
    """Which blockers a search has told."""
    query = select(col(Blocker.position)).where(col(Blocker.run_id) == run_id)
    return frozenset(session.scalars(query))


def values_of(blockers: Iterable[BlockerView]) -> dict[Place, str]:
    """What each blocker's expression was in the eager run, where that is known."""
    return {_place(blocker): blocker.value for blocker in blockers if blocker.value}


def known_values(session: Session, run_id: int) -> dict[Place, str]:
    """The same, read without the blockers."""
    columns = (col(Blocker.category), col(Blocker.file), col(Blocker.line), col(Blocker.value))
    rows = session.execute(select(*columns).where(col(Blocker.run_id) == run_id))
    return {(row.category, row.file, row.line): row.value for row in rows if row.value}


def with_value(failure: AnyFailure, values: Mapping[Place, str]) -> AnyFailure:
    """A stage's failure with the value that its line had in the eager run.

    A stage that is exported alone does not know it; the search for blockers may.
    """
    value = failure.value or values.get(_place(failure), "")
    return failure if value == failure.value else failure.model_copy(update={"value": value})


def _place(failure: FailureView) -> Place:
    return failure.category, failure.file, failure.line


def _only(failure: FailureView) -> BlockerView:
    fields: dict[str, Any] = {name: getattr(failure, name) for name in FailureView.model_fields}
    return BlockerView.model_validate({**fields, "position": 1})


def _failure_of_whole(session: Session, run_id: int) -> Failure | None:
    """Of a run without blockers."""
    query = (
        select(Failure)
        .join(Stage, col(Stage.id) == col(Failure.stage_id))
        .where(col(Failure.run_id) == run_id, col(Stage.kind) == StageKind.WHOLE)
        .where(~select(col(Blocker.id)).where(col(Blocker.run_id) == run_id).exists())
    )
    return session.scalar(query)
