"""Makes a report of what was read of a run. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.graphs.render import CHARACTERS
from app.models import Category, ShareKind
from app.remedy_cards import RemedyCard
from app.reports.code_free import without_source
from app.reports.comparison import comparison_headline, comparison_of
from app.reports.headlines import blocker_headline, run_headline, stage_headline, words_of
from app.reports.report import (
    BlockerReport,
    ContractReport,
    DimensionReport,
    EnvironmentReport,
    GuardReport,
    ModelReport,
    RemedyReport,
    Report,
    ReproReport,
    RunReport,
    StageReport,
    StageRow,
    StopReport,
)
from app.services.compare_views import CompareView
from app.services.contracts import ContractView, contract_words
from app.services.failure_views import BlockerDetail, FailureView, SearchView
from app.services.options import RunOptions
from app.services.remedies import RemedyDetail
from app.services.summary import RunFacts, Summary, search_words
from app.services.views import LoadedView, RunView, StageDetail, StageView

SHOWN_GUARDS = 200  # of a stage; the count says how many there are
SHOWN_CAUSES = 4  # of a dimension


@dataclass(frozen=True)
class Material:
    """What was read of a run. `remedies` stand in their own order."""

    run: RunView
    facts: RunFacts
    blockers: Sequence[BlockerDetail]
    remedies: Sequence[RemedyCard]
    contract: ContractView | None = None


def run_report(material: Material, *, with_source: bool, now: datetime) -> Report:
    """All of a run."""
    run = material.run
    own = run.failure if run.failure is not None and run.failure.stage is None else None
    return _made(
        _head(material, ShareKind.RUN, with_source=with_source, now=now),
        failure=own,
        blockers=[_blocker(one, material.remedies) for one in material.blockers],
        search=_search(material, with_source=with_source),
        remedies=[_remedy(card) for card in material.remedies if card.remedy.blocker is None],
        stages=[_row(stage) for stage in run.stages],
        contract=material.contract and _contract(material.contract),
        notes=[note.message for note in run.notes],
    )


def blocker_report(
    material: Material, position: int, *, with_source: bool, now: datetime
) -> Report:
    """One blocker of it, which must be there."""
    blocker = next(one for one in material.blockers if one.position == position)
    summary = blocker_headline(blocker, with_source=with_source)
    head = _head(
        material, ShareKind.FAILURE, position, summary=summary, with_source=with_source, now=now
    )
    return _made(head, blockers=[_blocker(blocker, material.remedies)])


def stage_report(
    material: Material, stage: StageDetail, code: str, *, with_source: bool, now: datetime
) -> Report:
    """One stage of it, with the beginning of its code."""
    summary = stage_headline(stage, with_source=with_source)
    head = _head(
        material, ShareKind.STAGE, stage.n, summary=summary, with_source=with_source, now=now
    )
    return _made(head, stage=_stage(stage, code))


def comparison_report(
    material: Material, view: CompareView, *, with_source: bool, now: datetime
) -> Report:
    """A run, the head, against another one."""
    head = _head(
        material,
        ShareKind.COMPARE,
        base=view.base.id,
        summary=comparison_headline(view, with_source=with_source),
        with_source=with_source,
        now=now,
    )
    return _made(head, comparison=comparison_of(view))


def _made(head: Mapping[str, Any], **parts: Any) -> Report:
    """The one way out: without source, where that is what was asked for."""
    report = Report(**head, **parts)
    return report if report.with_source else without_source(report)


def _head(
    material: Material,
    kind: ShareKind,
    position: int | None = None,
    *,
    with_source: bool,
    now: datetime,
    base: int | None = None,
    summary: Summary | None = None,
) -> dict[str, Any]:
    """What each report has; it is of the run as a whole unless another sentence is given."""
    run = material.run
    summary = summary or run_headline(material.facts, with_source=with_source)
    first, second = (run.id, None) if base is None else (base, run.id)
    return {
        "kind": kind,
        "subject": words_of(kind, first, position, second),
        "headline": summary.text,
        "tone": summary.tone,
        "with_source": with_source,
        "made_at": now,
        "run": _run(run),
    }


def _search(material: Material, *, with_source: bool) -> str:
    """How the search for blockers ended; why it did may quote code."""
    run, found = material.run, len(material.blockers)
    search = run.search
    if search is not None and not with_source:
        search = SearchView(complete=search.complete)
    return search_words(search, found, live=not run.status.ended) if found else ""


def _run(run: RunView) -> RunReport:
    return RunReport(
        id=run.id,
        title=run.title,
        status=run.status,
        verdict=run.verdict,
        script=run.script.entry,
        environment=_environment(run),
        options=_chosen(run.options),
        model=run.loaded and _model(run, run.loaded),
        created_at=run.created_at,
        finished_at=run.finished_at,
        coverage=run.coverage,
    )


def _chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are not as they are by default."""
    usual = RunOptions().model_dump(mode="json")
    return {name: value for name, value in options.items() if value != usual.get(name)}


def _environment(run: RunView) -> EnvironmentReport:
    seen = run.loaded.environment if run.loaded else {}
    return EnvironmentReport(
        runtime=run.runtime,
        python=str(seen.get("python", "")),
        torch=str(seen.get("torch", "")),
        platform=str(seen.get("platform", "")),
        packages=seen.get("packages") or {},
    )


def _model(run: RunView, loaded: LoadedView) -> ModelReport:
    return ModelReport(
        class_name=loaded.model_class,
        parameters=loaded.parameters,
        buffers=loaded.buffers,
        dtypes=loaded.dtypes,
        devices=loaded.devices,
        training=loaded.training,
        strict=loaded.strict,
        dynamic_shapes=loaded.dynamic_shapes,
        seconds=run.eager and run.eager.seconds,
        inputs=run.eager.inputs if run.eager else [],
        outputs=run.eager.outputs if run.eager else [],
    )


def _blocker(blocker: BlockerDetail, remedies: Iterable[RemedyCard]) -> BlockerReport:
    repro = blocker.repro
    own = [_remedy(card) for card in remedies if card.remedy.blocker == blocker.position]
    return BlockerReport.model_validate(
        {
            **blocker.model_dump(exclude={"remedies", "repro"}),
            "remedies": own,
            "repro": repro and ReproReport(text=repro.text, why=repro.why),
        }
    )


def _remedy(card: RemedyCard) -> RemedyReport:
    remedy = card.remedy
    tone, outcome = card.badge
    stop = remedy.failure
    return RemedyReport(
        position=remedy.position,
        blocker=remedy.blocker,
        title=remedy.title,
        kind=remedy.kind,
        tone=tone,
        outcome=outcome,
        cost=card.cost,
        proof=card.proof,
        reason=remedy.reason,
        options=remedy.options,
        patch=remedy.diff if isinstance(remedy, RemedyDetail) else "",
        next_stop=stop and _stop(stop.category, stop.file, stop.line),
    )


def _stop(category: Category, file: str | None, line: int | None) -> StopReport:
    return StopReport(category=category, file=file, line=line)


def _row(stage: StageView) -> StageRow:
    return StageRow.model_validate(
        {**_columns(stage), "guards": stage.guards, "stop": _stop_of(stage.failure)}
    )


def _columns(stage: StageView | StageDetail) -> dict[str, Any]:
    """The columns that are the same in both."""
    return {
        name: getattr(stage, name)
        for name in StageRow.model_fields
        if name not in ("guards", "stop")
    }


def _stop_of(failure: FailureView | None) -> StopReport | None:
    return None if failure is None else _stop(failure.category, failure.file, failure.line)


def _stage(stage: StageDetail, code: str) -> StageReport:
    return StageReport.model_validate(
        {
            **_columns(stage),
            "guards": len(stage.guards),
            "stop": _stop_of(stage.failure),
            "replay_why": stage.replay_why or "",
            "inputs": stage.inputs,
            "outputs": stage.outputs,
            "shown_guards": [
                GuardReport.model_validate(guard) for guard in stage.guards[:SHOWN_GUARDS]
            ],
            "failure": stage.failure,
            "code": code[:CHARACTERS],
        }
    )


def _contract(contract: ContractView) -> ContractReport:
    return ContractReport(
        words=contract_words(contract),
        dimensions=[
            DimensionReport(
                name=row.name,
                size=row.size,
                asked=row.requested,
                obtained=row.obtained,
                range=row.range_words,
                causes=[one.meaning or one.expression for one in row.causes][:SHOWN_CAUSES],
            )
            for row in contract.dimensions
        ],
        code=contract.code,
    )
