"""Rows of one run, read in a fixed number of queries, as the views of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session, col

from app.graphs.document import TensorSpec
from app.models import (
    Component,
    Failure,
    Graph,
    Guard,
    Run,
    RunEvent,
    RunLog,
    RunStatus,
    Script,
    Stage,
    StageKind,
)
from app.services.blockers import (
    blocker_views,
    known_values,
    values_of,
    with_value,
)
from app.services.failure_views import BlockerView, FailureDetail, FailureView, SearchView
from app.services.main_failure import is_main
from app.services.remedies import remedy_views, with_remedies
from app.services.summary import Cause, RunFacts, StageFact
from app.services.tags import tags_of
from app.services.there import parent_there
from app.services.turns import count_ahead
from app.services.views import (
    ComponentView,
    CoverageView,
    DetailView,
    EagerView,
    FileView,
    GuardView,
    LoadedView,
    NoteView,
    ReplayView,
    RunView,
    ScriptView,
    StageDetail,
    StageLinkView,
    StageView,
)

# The columns of a FailureView: without frames and stack, which may be long.
BRIEF: dict[str, Any] = {name: getattr(Failure, name) for name in FailureView.model_fields}


def run_view(session: Session, run: Run) -> RunView:
    """All of a run but its log, guards and graphs."""
    assert run.id is not None
    stages = _stages(session, run.id)
    failure = _main_failure(session, run.id)
    whole = next((s for s in stages if s.kind is StageKind.WHOLE), None)
    blockers = blocker_views(session, run.id, whole.failure if whole else None)
    stages, failure = _with_values(stages, failure, blockers)
    remedies = remedy_views(session, run.id)
    return RunView(
        id=run.id,
        url=f"/runs/{run.id}",
        title=run.title,
        status=run.status,
        verdict=run.verdict,
        reason=run.reason,
        script=script_view(run, session.get_one(Script, run.script_id)),
        runtime=run.runtime,
        options=run.options,
        sandbox=run.sandbox,
        parent=_parent(session, run),
        owner=run.owner or None,
        tags=tags_of(session, [run.id]).get(run.id, []),
        pin=run.pin,
        note=run.note,
        created_at=run.created_at,
        started_at=run.started_at,
        whole_at=run.whole_at,
        finished_at=run.finished_at,
        cancel_requested=run.cancel_requested,
        coverage=None if run.coverage is None else CoverageView.model_validate(run.coverage),
        loaded=None if run.loaded is None else LoadedView.model_validate(run.loaded),
        eager=_eager(session, run.id),
        plan=_plan(session, run.id),
        stages=stages,
        blockers=with_remedies(blockers, remedies),
        remedies=[remedy for remedy in remedies if remedy.blocker is None],
        following=run.following,
        search=None if run.search is None else SearchView.model_validate(run.search),
        failure=failure,
        notes=[NoteView.model_validate(note) for note in run.notes],
    )


def stage_view(session: Session, run: Run, stage: Stage) -> StageDetail:
    """A stage in full."""
    assert run.id is not None
    nodes = session.scalar(select(col(Graph.nodes)).where(col(Graph.id) == stage.graph_id))
    guards = session.scalars(
        select(Guard).where(col(Guard.stage_id) == stage.id).order_by(col(Guard.position))
    )
    failure = _stage_failure(session, run.id, stage)
    replay = stage.replay_detail
    return StageDetail(
        run=run.id,
        n=stage.n,
        name=stage.name,
        kind=stage.kind,
        component=stage.component,
        role=stage.role,
        status=stage.status,
        reason=stage.reason,
        seconds=stage.seconds,
        graph=stage.graph_id,
        nodes=nodes,
        replay=stage.replay,
        max_abs=replay and replay.get("max_abs"),
        max_rel=replay and replay.get("max_rel"),
        replay_why=replay and replay.get("why"),
        file=_file(run.id, stage),
        guards=[GuardView.model_validate(guard) for guard in guards],
        failure=failure,
        inputs=[TensorSpec.model_validate(spec) for spec in stage.inputs],
        outputs=[TensorSpec.model_validate(spec) for spec in stage.outputs],
        replay_detail=None if replay is None else ReplayView.model_validate(replay),
        detail=None if stage.detail is None else DetailView.model_validate(stage.detail),
    )


def script_view(run: Run, script: Script) -> ScriptView:
    """The upload, as this run knows it."""
    return ScriptView(
        sha256=script.sha256,
        kind=script.kind,
        size=script.size,
        filename=run.filename,
        entry=run.entry,
    )


def facts(session: Session, run: RunView) -> RunFacts:
    """What the summary needs to know."""
    return run_facts(run, count_ahead(session, run.id) if run.status is RunStatus.QUEUED else 0)


def run_facts(run: RunView, ahead: int = 0) -> RunFacts:
    """The same of a run that waits for `ahead` others."""
    own = run.failure
    return RunFacts(
        status=run.status,
        verdict=run.verdict,
        reason=run.reason,
        runtime=run.runtime,
        ahead=ahead,
        loaded=run.loaded is not None,
        eager=run.eager is not None,
        cancelling=run.cancel_requested,
        following=bool(run.following),
        stages=tuple(
            StageFact(s.kind, s.name, s.status, s.replay, s.max_abs, s.replay_why or "")
            for s in run.stages
        ),
        cause=None if own is None else Cause(own.category, own.exception, own.file, own.line),
        more=max(0, len(run.blockers) - 1) if own is not None and own.stage is not None else 0,
    )


def log_text(session: Session, run: Run) -> RunLog:
    """The run's log; empty where there is none yet."""
    assert run.id is not None
    return session.get(RunLog, run.id) or RunLog(run_id=run.id)


def last_event(session: Session, run_id: int) -> int:
    """The id of the run's latest event, 0 for none: a page then asks for what came after."""
    query = select(func.max(col(RunEvent.id))).where(col(RunEvent.run_id) == run_id)
    return session.scalar(query) or 0


def neighbours(
    session: Session, run_id: int, n: int
) -> tuple[StageLinkView | None, StageLinkView | None]:
    """The stages before and after stage `n`."""
    rows = session.execute(
        select(col(Stage.n), col(Stage.name)).where(
            col(Stage.run_id) == run_id, col(Stage.n).in_((n - 1, n + 1))
        )
    )
    links = {row.n: StageLinkView.model_validate(row) for row in rows}
    return links.get(n - 1), links.get(n + 1)


def _stages(session: Session, run_id: int) -> list[StageView]:
    replay: Any = col(Stage.replay_detail)
    rows = session.execute(
        select(
            col(Stage.id),
            col(Stage.n),
            col(Stage.name),
            col(Stage.kind),
            col(Stage.component),
            col(Stage.role),
            col(Stage.status),
            col(Stage.reason),
            col(Stage.seconds),
            col(Stage.graph_id).label("graph"),
            col(Graph.nodes),
            col(Stage.replay),
            replay["max_abs"].label("max_abs"),
            replay["max_rel"].label("max_rel"),
            replay["why"].label("replay_why"),
            col(Stage.file_sha256),
            col(Stage.file_bytes),
        )
        .outerjoin(Graph, col(Graph.id) == col(Stage.graph_id))
        .where(col(Stage.run_id) == run_id)
        .order_by(col(Stage.n))
    ).all()
    guards = _guard_counts(session, run_id)
    failures = _stage_failures(session, run_id)
    return [
        StageView.model_validate(
            {
                **row._mapping,
                "guards": guards.get(row.id, 0),
                "failure": failures.get(row.id),
                "file": _file(run_id, row),
            }
        )
        for row in rows
    ]


def _file(run_id: int, stage: Any) -> FileView | None:
    """The saved program that a stage's row names."""
    if stage.file_sha256 is None:
        return None
    url = f"/runs/{run_id}/stages/{stage.n}/program.pt2"
    return FileView(bytes=stage.file_bytes, sha256=stage.file_sha256, url=url)


def _guard_counts(session: Session, run_id: int) -> dict[int, int]:
    query = (
        select(col(Guard.stage_id), func.count())
        .join(Stage, col(Stage.id) == col(Guard.stage_id))
        .where(col(Stage.run_id) == run_id)
        .group_by(col(Guard.stage_id))
    )
    return dict(session.execute(query).all())


def _stage_failures(session: Session, run_id: int) -> dict[int, FailureView]:
    rows = session.execute(
        select(col(Failure.stage_id), *BRIEF.values()).where(
            col(Failure.run_id) == run_id, col(Failure.stage_id).is_not(None)
        )
    )
    return {row.stage_id: FailureView.model_validate(row) for row in rows}


def _main_failure(session: Session, run_id: int) -> FailureDetail | None:
    """The run's own failure, else the whole stage's, else none."""
    row = session.execute(
        select(Failure, col(Stage.n))
        .outerjoin(Stage, col(Stage.id) == col(Failure.stage_id))
        .where(
            col(Failure.run_id) == run_id,
            is_main(),
        )
        .order_by(col(Failure.stage_id).is_not(None))
        .limit(1)
    ).first()
    return None if row is None else _failure_detail(row.Failure, row.n)


def _stage_failure(session: Session, run_id: int, stage: Stage) -> FailureDetail | None:
    failure = session.scalar(select(Failure).where(col(Failure.stage_id) == stage.id))
    if failure is None:
        return None
    detail = _failure_detail(failure, stage.n)
    return detail if detail.value else with_value(detail, known_values(session, run_id))


def _failure_detail(failure: Failure, stage: int | None) -> FailureDetail:
    return FailureDetail.model_validate(failure).model_copy(update={"stage": stage})


def _with_values(
    stages: list[StageView], failure: FailureDetail | None, blockers: Sequence[BlockerView]
) -> tuple[list[StageView], FailureDetail | None]:
    """The same, where the values that failures had in the eager run are known to the blockers."""
    values = values_of(blockers)
    if not values:
        return stages, failure
    known = [
        stage.model_copy(update={"failure": stage.failure and with_value(stage.failure, values)})
        for stage in stages
    ]
    return known, failure and with_value(failure, values)


def _plan(session: Session, run_id: int) -> list[ComponentView]:
    rows = session.scalars(
        select(Component).where(col(Component.run_id) == run_id).order_by(col(Component.position))
    )
    return [ComponentView.model_validate(row) for row in rows]


def _parent(session: Session, run: Run) -> int | None:
    """The run that it repeats; None also where that one was deleted."""
    if run.parent_id is None:
        return None
    return session.scalar(select(parent_there()).where(col(Run.id) == run.id))


def _eager(session: Session, run_id: int) -> EagerView | None:
    """The eager run without its list of modules, which may have 20,000 entries."""
    eager: Any = col(Run.eager)
    keys = ("seconds", "peak_rss_bytes", "inputs", "outputs")
    row: Row[Any] = session.execute(
        select(*(eager[key].label(key) for key in keys)).where(col(Run.id) == run_id)
    ).one()
    return None if row.seconds is None else EagerView.model_validate(row)
