"""The runs that have a failure: a page of them, and two side by side that look different."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlmodel import Session, col

from app.errors import NotFoundError
from app.models import Blocker, Failure, Run, Sighting, Stage
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
_WORDS = (
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


def latest_sighting(session: Session, fingerprint: str) -> SightingView:
    """Where the failure was seen last; NotFoundError where no run has it."""
    query = _sightings().where(col(Sighting.fingerprint) == fingerprint)
    row = session.execute(query.order_by(col(Sighting.run_id).desc()).limit(1)).first()
    if row is None:
        raise NotFoundError(
            f"No run has the failure {fingerprint[:80]!r}.", "/failures lists those that were seen."
        )
    return _view(row)


def examples_of(session: Session, fingerprint: str, runs: Sequence[int]) -> list[ExampleOfFailure]:
    """The failure as these runs told it, in this order; those left out that do not have it."""
    query = _sightings().where(
        col(Sighting.fingerprint) == fingerprint, col(Sighting.run_id).in_(runs)
    )
    seen = {row.Sighting.run_id: _view(row) for row in session.execute(query)}
    told = _told(session, seen.values())
    here = [run for run in dict.fromkeys(runs) if run in told]
    return [ExampleOfFailure(sighting=seen[run], failure=told[run]) for run in here]


def _told(session: Session, seen: Collection[SightingView]) -> dict[int, FailureTrace]:
    """What failed, by run: found by its place in the run, for a fingerprint may have 50,000."""
    # By the run first: of a pair alone SQLite uses no index.
    in_runs = [one.run for one in seen]
    blockers = select(Blocker).where(
        col(Blocker.run_id).in_(in_runs),
        tuple_(col(Blocker.run_id), col(Blocker.position)).in_(
            [(one.run, one.blocker) for one in seen if one.blocker is not None]
        ),
    )
    failures = (
        select(Failure)
        .outerjoin(Stage, col(Stage.id) == col(Failure.stage_id))
        .where(
            col(Failure.run_id).in_(in_runs),
            tuple_(col(Failure.run_id), func.coalesce(Stage.n, 0)).in_(
                [(one.run, one.stage or 0) for one in seen if one.blocker is None]
            ),
        )
    )
    rows = [*session.scalars(blockers), *session.scalars(failures)]
    return {row.run_id: FailureTrace.model_validate(row) for row in rows}


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
            for name, field in _WORDS
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
