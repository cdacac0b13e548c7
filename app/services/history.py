"""The history: runs, newest first, a page at a time, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session, col

from app.models import (
    Failure,
    ReplayStatus,
    Run,
    RunEvent,
    Script,
    Stage,
    StageKind,
    StageStatus,
)
from app.services.excerpts import matches_of
from app.services.failure_views import FailureView
from app.services.history_filters import Filters
from app.services.history_query import read_newest, selection
from app.services.main_failure import is_main
from app.services.present import BRIEF
from app.services.tags import tags_of
from app.services.there import parent_there
from app.services.views import RunHead, RunList, ScriptView, StageCounts

MESSAGE_CHARACTERS = 300  # of a failure's message in the list

COLUMNS = (
    col(Run.id),
    col(Run.title),
    col(Run.script_id),
    col(Run.status),
    col(Run.verdict),
    col(Run.reason),
    col(Run.filename),
    col(Run.entry),
    col(Run.runtime),
    col(Run.sandbox),
    parent_there().label("parent_id"),
    col(Run.owner),
    col(Run.category),
    col(Run.model_class),
    col(Run.pin),
    col(Run.note),
    col(Run.created_at),
    col(Run.started_at),
    col(Run.whole_at),
    col(Run.finished_at),
    col(Script.sha256),
    col(Script.kind),
    col(Script.size),
)


def list_runs(session: Session, filters: Filters, limit: int) -> RunList:
    """One page of runs."""
    query = select(*COLUMNS).join(Script, col(Script.id) == col(Run.script_id))
    rows = read_newest(session, selection(session, filters), query, limit + 1)
    heads = heads_of(session, rows[:limit], filters.q)
    return RunList(runs=heads, next=str(heads[-1].id) if len(rows) > limit else None)


def state_of(session: Session) -> str:
    """What is another once any run is: a list that was read with it needs no reading again."""
    newest = (select(func.max(table.id)).scalar_subquery() for table in (Run, RunEvent))
    return "-".join(str(number or 0) for number in session.execute(select(*newest)).one())


def heads_of(
    session: Session, rows: Sequence[Row[Any]], words: Sequence[str] = ()
) -> list[RunHead]:
    """Rows of COLUMNS, with what other tables say of them and where they have these words."""
    ids = [row.id for row in rows]
    counts, replays, failures, tags = (
        _counts(session, ids),
        _replays(session, ids),
        _failures(session, ids),
        tags_of(session, ids),
    )
    scripts = {row.id: row.script_id for row in rows}
    matches = matches_of(session, scripts, words) if words else {}
    return [
        RunHead(
            id=row.id,
            url=f"/runs/{row.id}",
            title=row.title,
            status=row.status,
            verdict=row.verdict,
            category=row.category,
            reason=row.reason,
            script=ScriptView.model_validate(row),
            model_class=row.model_class,
            runtime=row.runtime,
            sandbox=row.sandbox,
            parent=row.parent_id,
            owner=row.owner or None,
            tags=tags.get(row.id, []),
            pin=row.pin,
            note=row.note,
            created_at=row.created_at,
            started_at=row.started_at,
            whole_at=row.whole_at,
            finished_at=row.finished_at,
            stages=counts.get(row.id, StageCounts()),
            replay=replays.get(row.id),
            failure=failures.get(row.id),
            match=matches.get(row.id),
        )
        for row in rows
    ]


def _counts(session: Session, ids: Sequence[int]) -> dict[int, StageCounts]:
    query = (
        select(col(Stage.run_id), col(Stage.status), func.count())
        .where(col(Stage.run_id).in_(ids))
        .group_by(col(Stage.run_id), col(Stage.status))
    )
    found: dict[int, dict[StageStatus, int]] = defaultdict(dict)
    for run_id, status, count in session.execute(query):
        found[run_id][status] = count
    return {
        run_id: StageCounts(
            total=sum(by_status.values()),
            done=sum(
                count
                for status, count in by_status.items()
                if status not in (StageStatus.PENDING, StageStatus.RUNNING)
            ),
            passed=by_status.get(StageStatus.PASSED, 0),
            failed=by_status.get(StageStatus.FAILED, 0),
        )
        for run_id, by_status in found.items()
    }


def _replays(session: Session, ids: Sequence[int]) -> dict[int, ReplayStatus]:
    query = select(col(Stage.run_id), col(Stage.replay)).where(
        col(Stage.run_id).in_(ids), col(Stage.kind) == StageKind.WHOLE
    )
    return dict(session.execute(query).all())


def _failures(session: Session, ids: Sequence[int]) -> dict[int, FailureView]:
    """Each run's own failure, else its whole stage's."""
    message = func.substr(col(Failure.message), 1, MESSAGE_CHARACTERS).label("message")
    brief = {**BRIEF, "message": message}.values()
    rows = session.execute(
        select(col(Failure.run_id), *brief)
        .outerjoin(Stage, col(Stage.id) == col(Failure.stage_id))
        .where(
            col(Failure.run_id).in_(ids),
            is_main(),
        )
        .order_by(col(Failure.stage_id).is_(None))
    )
    return {row.run_id: FailureView.model_validate(row) for row in rows}
