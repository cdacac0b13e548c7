"""Failures over all runs: listed, newest seen first, and what people say of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.db import has_words, pattern_of
from app.errors import ConflictError, StagelightError
from app.models import Act, Category, FailureGroup, FailurePlace, GroupState, Run, Sighting
from app.models.columns import utc_now
from app.services.asker import Asker
from app.services.audit import record
from app.services.failure_group_views import (
    FailureGroupList,
    FailureGroupView,
    SeenView,
    StateCounts,
)
from app.services.failure_runs import back_run, fixed_run
from app.text import one_line

NOTE_CHARACTERS = 500

_First, _Last = aliased(Run), aliased(Run)


class StateError(StagelightError):
    """What is said of a failure cannot be so."""

    code = "bad_state"
    status = 422


@dataclass(frozen=True)
class FailureFilters:
    """Which failures; `after` is the cursor: the last run and the fingerprint of one before."""

    state: GroupState | None = None
    category: Category | None = None
    script: str = ""  # file name
    runtime: str = ""
    words: str = ""  # in the expression, the line or the message
    back: bool = False  # only those that were fixed and are back
    after: tuple[int, str] | None = None


@dataclass(frozen=True)
class NewState:
    """What a person says of a failure."""

    state: GroupState
    note: str | None = None  # None: what it was
    fixed_run: int | None = None


def list_groups(session: Session, filters: FailureFilters, limit: int) -> FailureGroupList:
    """One page of failures."""
    order = (col(FailureGroup.last_run_id).desc(), col(FailureGroup.fingerprint).desc())
    # Chosen by their keys alone: what is sorted then is small, and no other run is read.
    chosen = (
        select(col(FailureGroup.fingerprint))
        .where(col(FailureGroup.last_run_id).is_not(None), *_conditions(filters))
        .order_by(*order)
        .limit(limit + 1)
    )
    query = _views().where(col(FailureGroup.fingerprint).in_(chosen)).order_by(*order)
    rows = session.execute(query).all()
    shown = [_view(row) for row in rows[:limit]]
    more = f"{shown[-1].last.run}.{shown[-1].fingerprint}" if len(rows) > limit else None
    return FailureGroupList(failures=shown, next=more, counts=_count(session))


def group_view(session: Session, fingerprint: str) -> FailureGroupView:
    """One failure that some run has."""
    query = _views().where(col(FailureGroup.fingerprint) == fingerprint)
    return _view(session.execute(query).one())


def set_state(session: Session, group: FailureGroup, new: NewState, asker: Asker) -> None:
    """Keep what a person says of a failure, with who and when."""
    if new.fixed_run is not None:
        _check_fix(session, group, new)
    group.state = new.state
    group.state_by = asker.name
    group.state_at = utc_now()
    if new.note is not None:
        group.note = clean_note(new.note)
    group.fixed_run_id = new.fixed_run
    group.back_run_id = None
    session.add(group)
    session.flush()
    detail = {"state": new.state.value, "fixed_run": new.fixed_run}
    record(session, asker, Act.FAILURE_STATE, f"failure {group.fingerprint}", **detail)


def clean_note(note: str) -> str:
    """A note on one line, without control characters; StateError past the cap."""
    text = one_line(note)
    if len(text) > NOTE_CHARACTERS:
        raise StateError(
            f"The note has {len(text)} characters; it may have {NOTE_CHARACTERS}.", "Shorten it."
        )
    return text


def _check_fix(session: Session, group: FailureGroup, new: NewState) -> None:
    """A run may be named that is there and does not have the failure, of one that is fixed."""
    if new.state is not GroupState.FIXED:
        raise StateError(
            f"A failure that is {new.state} names no run that it is fixed in.",
            "Leave the run out, or set the state to fixed.",
        )
    run = session.get(Run, new.fixed_run)
    if run is None or run.deleted_at is not None:
        raise StateError(f"There is no run {new.fixed_run}.", "The history lists all runs.")
    if session.get(Sighting, (group.fingerprint, new.fixed_run)) is not None:
        raise ConflictError(
            f"Run {new.fixed_run} has this failure itself.",
            "Name a run in which it is gone, or none.",
            code="not_fixed",
        )


def _views() -> Any:
    """All that a view needs. A group whose runs were all deleted has no last one."""
    return (
        select(
            FailureGroup,
            fixed_run().label("fixed_run"),
            back_run().label("back"),
            func.coalesce(_First.started_at, _First.created_at).label("first_at"),
            func.coalesce(_Last.started_at, _Last.created_at).label("last_at"),
        )
        .join(_First, col(_First.id) == col(FailureGroup.first_run_id))
        .join(_Last, col(_Last.id) == col(FailureGroup.last_run_id))
    )


def _conditions(filters: FailureFilters) -> list[Any]:
    group = FailureGroup
    wanted: list[tuple[object, Any]] = [
        (filters.state, col(group.state) == filters.state),
        (filters.category, col(group.category) == filters.category),
        (filters.back, _is_back()),
        (filters.script or filters.runtime, _places(filters)),
        (filters.words, _has(filters.words)),
        (
            filters.after,
            tuple_(col(group.last_run_id), col(group.fingerprint)) < (filters.after or (0, "")),
        ),
    ]
    return [condition for given, condition in wanted if given]


def _is_back() -> Any:
    """Few have a run there at all, and an index finds these."""
    return col(FailureGroup.back_run_id).is_not(None) & back_run().is_not(None)


def _places(filters: FailureFilters) -> Any:
    """Seen in a script, in a runtime, or both."""
    place = col(FailurePlace.fingerprint)
    runtime = col(FailurePlace.runtime) == filters.runtime
    if filters.script:  # of one script there are few
        query = select(place).where(col(FailurePlace.filename) == filters.script)
        return col(FailureGroup.fingerprint).in_(query.where(runtime) if filters.runtime else query)
    return select(place).where(place == col(FailureGroup.fingerprint), runtime).exists()


def _has(words: str) -> Any:
    texts = (FailureGroup.expression, FailureGroup.text, FailureGroup.message)
    return or_(*(has_words(col(text), pattern_of(words)) for text in texts))


def _count(session: Session) -> StateCounts:
    """Two queries: an index answers the first alone, and finds the few rows of the second."""
    seen = col(FailureGroup.last_run_id).is_not(None)
    states = (
        select(col(FailureGroup.state), func.count()).where(seen).group_by(col(FailureGroup.state))
    )
    back = select(func.count()).select_from(FailureGroup).where(_is_back())
    counts = {row[0].value: row[1] for row in session.execute(states)}
    return StateCounts(**counts, back=session.scalar(back) or 0)


def _view(row: Any) -> FailureGroupView:
    group: FailureGroup = row.FailureGroup

    def seen(run: int | None, at: datetime) -> SeenView:
        assert run is not None
        return SeenView(run=run, at=at)

    return FailureGroupView.model_validate(
        {
            **group.model_dump(),
            "url": f"/failures/{group.fingerprint}",
            "first": seen(group.first_run_id, row.first_at),
            "last": seen(group.last_run_id, row.last_at),
            "fixed_run": row.fixed_run,
            "back": row.back,
        }
    )
