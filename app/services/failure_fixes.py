"""In which later run of a script a failure is gone, as far as that is known.

A later run of the same file name and runtime that does not have the failure may just not have come
to it: it is gone only where the whole model exports, where the search for blockers ended clean,
where the stage that failed passes, or, of what failed before any export, where export began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlmodel import Session, col

from app.models import (
    FailureGroup,
    FailurePlace,
    Run,
    RunStatus,
    Search,
    Sighting,
    Stage,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.failure_group_views import FixView, LaterRun, PlaceView

PLACES = 12  # that a page shows, the newest
LATER = 5  # runs of a place that are looked at

_JUDGED = (Verdict.EXPORTED, Verdict.PARTLY, Verdict.BLOCKED)


@dataclass(frozen=True)
class Place:
    """One script and runtime, and what failed in the last run there that has the failure."""

    filename: str
    runtime: str
    runs: int
    first_run: int
    last_run: int
    of_model: bool  # a blocker, or the whole stage
    stage: str | None  # the key of another stage; None, and not of the model: the run itself


def is_gone(place: Place, later: LaterRun) -> bool:
    """Whether a later run without the failure tells that it is gone."""
    if place.of_model:
        return later.verdict is Verdict.EXPORTED or later.search is Search.CLEAN
    if place.stage is not None:
        return later.stage_passed is True
    return later.verdict in _JUDGED


def why_unknown(place: Place, later: LaterRun) -> str:
    """Why such a run does not tell, in a sentence."""
    run = f"Run {later.run} does not tell: "
    if later.verdict is Verdict.SCRIPT_ERROR:
        return f"{run}its script fails before."
    if not place.of_model:
        return f"{run}it did not come so far."
    if later.search is None:
        return f"{run}there was no search for all that stops it."
    return f"{run}its search for blockers was {later.search.value}."


def places_of(session: Session, fingerprint: str) -> list[PlaceView]:
    """Scripts and runtimes in which a failure was seen, the newest first."""
    places = _places(session, fingerprint)
    later = _later_runs(session, places)
    return [_view(place, later.get(n, ())) for n, place in enumerate(places)]


def count_places(session: Session, fingerprint: str) -> int:
    """How many there are."""
    query = select(func.count()).where(col(FailurePlace.fingerprint) == fingerprint)
    return session.scalar(query) or 0


def said_fix(session: Session, group: FailureGroup) -> FixView | None:
    """The fix that a person named, against the last run before it that has the failure.

    One of the same script and runtime goes before all others.
    """
    run = None if group.fixed_run_id is None else session.get(Run, group.fixed_run_id)
    if run is None or run.deleted_at is not None:
        return None
    assert run.id is not None
    seen, same = (
        (col(Sighting.fingerprint) == group.fingerprint, col(Sighting.run_id) < run.id),
        (col(Sighting.filename) == run.filename, col(Sighting.runtime) == run.runtime),
    )
    newest = select(func.max(col(Sighting.run_id)))
    base = session.scalar(newest.where(*seen, *same)) or session.scalar(newest.where(*seen))
    return None if base is None else fix_view(base, run.id)


def fix_view(base: int, head: int) -> FixView:
    """A fix, with the address of its comparison."""
    return FixView(run=head, base=base, url=f"/compare?base={base}&head={head}")


def _view(place: Place, later: Sequence[LaterRun]) -> PlaceView:
    gone = next((one.run for one in later if is_gone(place, one)), None)
    return PlaceView(
        filename=place.filename,
        runtime=place.runtime,
        runs=place.runs,
        first_run=place.first_run,
        last_run=place.last_run,
        fix=None if gone is None else fix_view(place.last_run, gone),
        unknown=why_unknown(place, later[-1]) if later and gone is None else "",
    )


def _places(session: Session, fingerprint: str) -> list[Place]:
    query = (
        select(FailurePlace, Sighting, col(Stage.key), col(Stage.kind))
        .join(
            Sighting,
            (col(Sighting.fingerprint) == col(FailurePlace.fingerprint))
            & (col(Sighting.run_id) == col(FailurePlace.last_run_id)),
        )
        .outerjoin(
            Stage,
            (col(Stage.run_id) == col(Sighting.run_id)) & (col(Stage.n) == col(Sighting.stage)),
        )
        .where(col(FailurePlace.fingerprint) == fingerprint)
        .order_by(col(FailurePlace.last_run_id).desc())
        .limit(PLACES)
    )
    return [_place(*row) for row in session.execute(query)]


def _place(place: FailurePlace, last: Sighting, key: str | None, kind: StageKind | None) -> Place:
    assert place.first_run_id is not None
    assert place.last_run_id is not None
    of_model = last.blocker is not None or kind is StageKind.WHOLE
    return Place(
        filename=place.filename,
        runtime=place.runtime,
        runs=place.runs,
        first_run=place.first_run_id,
        last_run=place.last_run_id,
        of_model=of_model,
        stage=None if of_model else key,
    )


def _later_runs(session: Session, places: Sequence[Place]) -> dict[int, list[LaterRun]]:
    """The next runs that finished in each place, by its index, oldest first."""
    found: dict[int, list[LaterRun]] = {}
    if not places:
        return found
    rows = session.execute(union_all(*(_next_runs(n, one) for n, one in enumerate(places)))).all()
    passed = _passed(session, [row.id for row in rows], places)
    for row in sorted(rows, key=lambda row: row.id):
        key = places[row.place].stage
        view = LaterRun(
            run=row.id,
            verdict=row.verdict,
            search=row.complete,
            stage_passed=None if key is None else passed.get((row.id, key)),
        )
        found.setdefault(row.place, []).append(view)
    return found


def _next_runs(n: int, place: Place) -> Any:
    search: Any = col(Run.search)
    query = (
        select(
            literal(n).label("place"),
            col(Run.id),
            col(Run.verdict),
            search["complete"].as_string().label("complete"),
        )
        .where(
            col(Run.filename) == place.filename,
            col(Run.runtime) == place.runtime,
            col(Run.id) > place.last_run,
            col(Run.status) == RunStatus.FINISHED,
            col(Run.deleted_at).is_(None),
        )
        .order_by(col(Run.id))
        .limit(LATER)
    )
    return select(query.subquery())


def _passed(
    session: Session, runs: Sequence[int], places: Sequence[Place]
) -> dict[tuple[int, str], bool]:
    """Whether the stages that failed passed in these runs."""
    keys = {place.stage for place in places if place.stage is not None}
    query = select(col(Stage.run_id), col(Stage.key), col(Stage.status)).where(
        col(Stage.run_id).in_(runs), col(Stage.key).in_(keys)
    )
    rows = session.execute(query)
    return {(row.run_id, row.key): row.status is StageStatus.PASSED for row in rows}
