"""Which failures a run has, told to their groups: when it ends, and back when it is deleted.

A group's counts are made anew from its sightings each time, so that they cannot drift. Whoever
writes locks the groups first, in one order: on PostgreSQL two workers end runs at once.

What is tried besides the user's own call (the other mode, draft_export, ONNX) is no sighting: a
model that exports is not stopped by it. Nor is how an export past a blocker failed: what is the
model's of that is the next blocker, the rest comes from the bypass.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ScalarSelect, delete, distinct, func, select, update
from sqlmodel import Session, SQLModel, col

from app.db import insert_into
from app.fingerprint import MOST, MOST_MESSAGE
from app.models import (
    Blocker,
    Failure,
    FailureGroup,
    FailurePlace,
    GroupState,
    Run,
    Sighting,
    Stage,
    StageKind,
)
from app.models.columns import utc_now
from app.services.webhook_events import failures_regressed

BESIDE = (StageKind.STRICT, StageKind.DRAFT, StageKind.ONNX, StageKind.BYPASS)
# What a group keeps of the failure that it was first seen as.
_CAUSE = ("category", "exception", "expression", "module_class", "text", "message")


def record_sightings(session: Session, run: Run) -> None:
    """Tell the groups of all that failed in this run. Doing it again changes nothing."""
    session.flush()  # what is read here may be new
    found = _found(session, run)
    if not found:
        return
    names = sorted(found)
    groups = [_group(found[name]) for name in names]
    _insert_new(session, FailureGroup, groups)
    _lock(session, names)
    place = {"filename": run.filename, "runtime": run.runtime}
    seen = [
        {
            "fingerprint": name,
            "run_id": run.id,
            **place,
            "blocker": found[name]["blocker"],
            "stage": found[name]["stage"],
        }
        for name in names
    ]
    _insert_new(session, Sighting, seen)
    _insert_new(session, FailurePlace, [{"fingerprint": n, **place, "runs": 0} for n in names])
    _count(session, names, run)
    _open_again(session, names, run)


def forget_sightings(session: Session, run: Run) -> None:
    """Take back what this run told, for it is deleted; `record_sightings` tells it again."""
    mine = col(Sighting.run_id) == run.id
    names = sorted(session.scalars(select(col(Sighting.fingerprint)).where(mine)))
    if not names:
        return
    _lock(session, names)
    session.execute(delete(Sighting).where(mine))
    _count(session, names, run)


def _found(session: Session, run: Run) -> dict[str, dict[str, Any]]:
    """Each failure of a run once, by its fingerprint, with where it is."""
    found: dict[str, dict[str, Any]] = {}
    for row in _blockers(session, run):
        found.setdefault(row["fingerprint"], {**row, "stage": None})
    for row in _failures(session, run):
        one = found.setdefault(row["fingerprint"], {**row, "blocker": None})
        one["stage"] = one["stage"] or row["stage"]
    return found


def _blockers(session: Session, run: Run) -> Iterable[Any]:
    """In order of execution."""
    query = (
        select(*_columns(Blocker), col(Blocker.position).label("blocker"))
        .where(col(Blocker.run_id) == run.id, col(Blocker.fingerprint).is_not(None))
        .order_by(col(Blocker.position))
    )
    return session.execute(query).mappings()


def _failures(session: Session, run: Run) -> Iterable[Any]:
    """The run's own first, then the whole stage's, then those of the others in order."""
    query = (
        select(*_columns(Failure), col(Stage.n).label("stage"))
        .outerjoin(Stage, col(Stage.id) == col(Failure.stage_id))
        .where(
            col(Failure.run_id) == run.id,
            col(Failure.fingerprint).is_not(None),
            col(Stage.kind).is_(None) | col(Stage.kind).not_in(BESIDE),
        )
        .order_by(
            col(Stage.n).is_not(None),
            col(Stage.kind) != StageKind.WHOLE,
            col(Stage.n),
            col(Failure.id),
        )
    )
    return session.execute(query).mappings()


def _columns(table: type[Blocker | Failure]) -> list[Any]:
    return [getattr(table, name) for name in ("fingerprint", *_CAUSE)]


def _group(cause: dict[str, Any]) -> dict[str, Any]:
    """A new group's row: of its texts what a fingerprint reads of them."""
    expression = cause["expression"]
    return {
        **{name: cause[name] for name in ("fingerprint", *_CAUSE)},
        "expression": None if expression is None else expression[:MOST],
        "module_class": cause["module_class"][-MOST:],
        "text": cause["text"][:MOST],
        "message": cause["message"][:MOST_MESSAGE],
        "runs": 0,
        "scripts": 0,
        "state": GroupState.OPEN,
        "state_by": "",
        "note": "",
    }


def _insert_new(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows that are not there yet, whoever else inserts them right now."""
    session.execute(insert_into(session, table).values(rows).on_conflict_do_nothing())


def _lock(session: Session, names: Sequence[str]) -> None:
    """Hold these groups until the transaction ends: always in this order, so that none waits for
    one who waits for it."""
    ours = col(FailureGroup.fingerprint).in_(names)
    order = col(FailureGroup.fingerprint)
    session.execute(select(order).where(ours).order_by(order).with_for_update())


def _count(session: Session, names: Sequence[str], run: Run) -> None:
    """Set all that is counted of these groups, where a run of theirs came or went."""
    place, group = col(FailurePlace.fingerprint), col(FailureGroup.fingerprint)
    here = (
        place.in_(names),
        col(FailurePlace.filename) == run.filename,
        col(FailurePlace.runtime) == run.runtime,
    )
    same_place = (
        col(Sighting.fingerprint) == place,
        col(Sighting.filename) == col(FailurePlace.filename),
        col(Sighting.runtime) == col(FailurePlace.runtime),
    )
    scripts = select(func.count(distinct(col(FailurePlace.filename)))).where(place == group)
    nothing = {"synchronize_session": False}
    for statement in (
        update(FailurePlace).where(*here).values(_totals(*same_place)),
        delete(FailurePlace).where(*here, col(FailurePlace.runs) == 0),
        update(FailureGroup)
        .where(group.in_(names))
        .values(
            {**_totals(col(Sighting.fingerprint) == group), "scripts": scripts.scalar_subquery()}
        ),
        # What a person said of it stays known, should it come back.
        delete(FailureGroup).where(
            group.in_(names), col(FailureGroup.runs) == 0, col(FailureGroup.state_at).is_(None)
        ),
    ):
        session.execute(statement, execution_options=nothing)


def _totals(*which: Any) -> dict[str, ScalarSelect[Any]]:
    run_id = col(Sighting.run_id)
    totals = {
        "runs": func.count(run_id),
        "first_run_id": func.min(run_id),
        "last_run_id": func.max(run_id),
    }
    return {name: select(one).where(*which).scalar_subquery() for name, one in totals.items()}


def _open_again(session: Session, names: Sequence[str], run: Run) -> None:
    """A failure that was fixed before this run began is back in it."""
    if run.started_at is None:
        return
    fixed = session.scalars(
        select(FailureGroup).where(
            col(FailureGroup.fingerprint).in_(names),
            col(FailureGroup.state) == GroupState.FIXED,
            col(FailureGroup.state_at) < run.started_at,
        )
    ).all()
    if not fixed:
        return
    failures_regressed(session, run, fixed)
    for group in fixed:
        group.state, group.state_by, group.state_at = GroupState.OPEN, "", utc_now()
        group.back_run_id = run.id
        session.add(group)
