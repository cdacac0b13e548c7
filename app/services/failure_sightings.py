"""The runs that have a failure: a page of them, and two side by side that look different."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.models import Blocker, Failure, Run, Sighting
from app.services.failure_group_views import (
    DifferenceView,
    ExampleOfFailure,
    LookAlikes,
    PlaceView,
    SightingList,
    SightingView,
)
from app.services.failure_views import FailureTrace

# What differs between two sightings and does not count, as a page names it.
_TOLD = (
    ("File", "file"),
    ("Line number", "line"),
    ("Function", "function"),
    ("Line", "text"),
    ("Module", "module"),
    ("Expression", "expression"),
    ("In the eager run it was", "value"),
    ("Message", "message"),
)


def list_sightings(
    session: Session, fingerprint: str, before: int | None, limit: int
) -> SightingList:
    """One page of runs that have the failure, newest first; `before` is a run's id."""
    query = _sightings().where(col(Sighting.fingerprint) == fingerprint)
    if before is not None:
        query = query.where(col(Sighting.run_id) < before)
    rows = session.execute(query.order_by(col(Sighting.run_id).desc()).limit(limit + 1)).all()
    shown = [_view(row) for row in rows[:limit]]
    return SightingList(occurrences=shown, next=str(shown[-1].run) if len(rows) > limit else None)


def examples_of(session: Session, fingerprint: str, runs: Sequence[int]) -> list[ExampleOfFailure]:
    """The failure as these runs told it, in this order; those left out that do not have it."""
    query = _sightings().where(
        col(Sighting.fingerprint) == fingerprint, col(Sighting.run_id).in_(runs)
    )
    seen = {row.Sighting.run_id: _view(row) for row in session.execute(query)}
    told: dict[int, FailureTrace] = {}
    for table in (Blocker, Failure):
        cause: Any = select(table).where(
            col(table.run_id).in_(runs), col(table.fingerprint) == fingerprint
        )
        for row in session.scalars(cause.order_by(col(table.id))):
            told.setdefault(row.run_id, FailureTrace.model_validate(row))
    here = (run for run in dict.fromkeys(runs) if run in seen and run in told)
    return [ExampleOfFailure(sighting=seen[run], failure=told[run]) for run in here]


def another_run(places: Sequence[PlaceView], first: int) -> int:
    """A run to show beside the newest: of another script or runtime if there is one."""
    return next((place.last_run for place in places[1:]), first)


def look_alikes(examples: Sequence[ExampleOfFailure]) -> LookAlikes | None:
    """Two runs side by side with what differs; None where there are no two."""
    if len(examples) < 2:
        return None
    one, other = examples[:2]
    return LookAlikes(one=one, other=other, differences=differences(one, other))


def differences(one: ExampleOfFailure, other: ExampleOfFailure) -> list[DifferenceView]:
    """What differs, in the words of a page."""
    pairs = [
        ("Script", one.sighting.filename, other.sighting.filename),
        ("Runtime", one.sighting.runtime, other.sighting.runtime),
        *(
            (name, getattr(one.failure, field), getattr(other.failure, field))
            for name, field in _TOLD
        ),
    ]
    return [
        DifferenceView(name=name, one=_text(ours), other=_text(theirs))
        for name, ours, theirs in pairs
        if ours != theirs
    ]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _sightings() -> Any:
    at = func.coalesce(Run.started_at, Run.created_at).label("at")
    return select(Sighting, col(Run.title), at).join(Run, col(Run.id) == col(Sighting.run_id))


def _view(row: Any) -> SightingView:
    seen: Sighting = row.Sighting
    return SightingView(
        run=seen.run_id,
        title=row.title,
        at=row.at,
        filename=seen.filename,
        runtime=seen.runtime,
        blocker=seen.blocker,
        stage=seen.stage,
        url=_address(seen),
    )


def _address(seen: Sighting) -> str:
    run = f"/runs/{seen.run_id}"
    if seen.blocker is not None:
        return f"{run}/blockers/{seen.blocker}"
    return run if seen.stage is None else f"{run}/stages/{seen.stage}"
