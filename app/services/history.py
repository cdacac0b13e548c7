"""The history: runs, newest first, a page at a time, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from app.models import (
    Failure,
    ReplayStatus,
    Run,
    RunStatus,
    Script,
    Stage,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.failure_views import FailureView
from app.services.present import BRIEF
from app.services.views import RunHead, RunList, ScriptView, StageCounts

MESSAGE_CHARACTERS = 300  # of a failure's message in the list

_COLUMNS = (
    col(Run.id),
    col(Run.title),
    col(Run.status),
    col(Run.verdict),
    col(Run.reason),
    col(Run.filename),
    col(Run.entry),
    col(Run.runtime),
    col(Run.sandbox),
    col(Run.parent_id),
    col(Run.owner),
    col(Run.created_at),
    col(Run.started_at),
    col(Run.whole_at),
    col(Run.finished_at),
    col(Script.sha256),
    col(Script.kind),
    col(Script.size),
)


@dataclass(frozen=True)
class Filters:
    """Which runs; `before` is the cursor: an id, that page's runs are older."""

    status: RunStatus | None = None
    verdict: Verdict | None = None
    runtime: str = ""
    script: str = ""  # SHA-256
    before: int | None = None


def list_runs(session: Session, filters: Filters, limit: int) -> RunList:
    """One page of runs."""
    query = select(*_COLUMNS).join(Script, col(Script.id) == col(Run.script_id))
    if filters.status is not None:
        query = query.where(col(Run.status) == filters.status)
    if filters.verdict is not None:
        query = query.where(col(Run.verdict) == filters.verdict)
    if filters.runtime:
        query = query.where(col(Run.runtime) == filters.runtime)
    if filters.script:
        query = query.where(col(Script.sha256) == filters.script)
    if filters.before is not None:
        query = query.where(col(Run.id) < filters.before)
    rows = session.execute(query.order_by(col(Run.id).desc()).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    ids = [row.id for row in rows]
    counts, replays, failures = (
        _counts(session, ids),
        _replays(session, ids),
        _failures(session, ids),
    )
    heads = [
        RunHead(
            id=row.id,
            url=f"/runs/{row.id}",
            title=row.title,
            status=row.status,
            verdict=row.verdict,
            reason=row.reason,
            script=ScriptView.model_validate(row),
            runtime=row.runtime,
            sandbox=row.sandbox,
            parent=row.parent_id,
            owner=row.owner or None,
            created_at=row.created_at,
            started_at=row.started_at,
            whole_at=row.whole_at,
            finished_at=row.finished_at,
            stages=counts.get(row.id, StageCounts()),
            replay=replays.get(row.id),
            failure=failures.get(row.id),
        )
        for row in rows
    ]
    return RunList(runs=heads, next=str(ids[-1]) if more else None)


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
            or_(col(Failure.stage_id).is_(None), col(Stage.kind) == StageKind.WHOLE),
        )
        .order_by(col(Failure.stage_id).is_(None))
    )
    return {row.run_id: FailureView.model_validate(row) for row in rows}
