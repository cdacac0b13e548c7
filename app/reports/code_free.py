"""A report without its source: built anew from what is safe, so that a new field is left out. Pure.

Module paths, class names and names of files stay. What a message says may quote code, so no
message stays: the category, the line's place and torch's own expression say what happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.graphs.document import TensorSpec
from app.reports.comparison import CauseReport, ComparisonReport, GuardChange, RowReport
from app.reports.report import (
    BlockerReport,
    ContractReport,
    DimensionReport,
    EnvironmentReport,
    GuardReport,
    ModelReport,
    RemedyReport,
    Report,
    RunReport,
    StageReport,
    StageRow,
    StopReport,
)
from app.reports.safe_text import safe_code, safe_expression, safe_name, safe_value
from app.services.failure_views import BirthView, FailureTrace, FrameView, OccurrenceView
from app.services.summary import RunFacts, StageFact

REASON = "the reason may quote the code and is left out"
A_FIX = "A fix"  # whose title may quote code

_OPTIONS = ("call", "strict", "remedies", "dynamic", "draft", "onnx")


def safe_facts(facts: RunFacts) -> RunFacts:
    """What a sentence without source may be made of."""
    cause = facts.cause and replace(
        facts.cause,
        exception=safe_name(facts.cause.exception),
        file=_name(facts.cause.file),
    )
    stages = tuple(_safe_fact(stage) for stage in facts.stages)
    return replace(facts, reason=REASON, cause=cause, stages=stages)


def without_source(report: Report) -> Report:
    """The same, and no line of anybody's code.

    Its headline, and how the search ended, were made of what is safe already.
    """
    return Report(
        kind=report.kind,
        subject=report.subject,
        headline=report.headline,
        tone=report.tone,
        with_source=False,
        made_at=report.made_at,
        run=_run(report.run),
        failure=report.failure and FailureTrace(**_trace(report.failure)),
        blockers=[_blocker(one) for one in report.blockers],
        search=report.search,
        remedies=[_remedy(one) for one in report.remedies],
        stages=[_row(one) for one in report.stages],
        stage=report.stage and _stage(report.stage),
        contract=report.contract and _contract(report.contract),
        comparison=report.comparison and _comparison(report.comparison),
    )


def _safe_fact(stage: StageFact) -> StageFact:
    return StageFact(
        stage.kind, safe_name(stage.name) or "a stage", stage.status, stage.replay, _number(stage)
    )


def _name(text: str | None) -> str | None:
    return None if text is None else safe_name(text) or None


def _number(row: Any) -> float | str | None:
    """The largest difference of a replay: text only where it is not finite."""
    value: float | str | None = row.max_abs
    return safe_value(value) or None if isinstance(value, str) else value


def _run(run: RunReport) -> RunReport:
    environment = run.environment
    return RunReport(
        id=run.id,
        title=run.title,
        status=run.status,
        verdict=run.verdict,
        script=safe_name(run.script),
        environment=EnvironmentReport(
            runtime=environment.runtime,
            python=safe_name(environment.python),
            torch=safe_name(environment.torch),
            platform=safe_name(environment.platform),
            packages={
                safe_name(name): safe_name(version)
                for name, version in environment.packages.items()
                if safe_name(name)
            },
        ),
        options=_options(run.options),
        model=run.model and _model(run.model),
        created_at=run.created_at,
        finished_at=run.finished_at,
        coverage=run.coverage,
    )


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Switches and numbers; what a person wrote is left out."""
    known = {key: options[key] for key in _OPTIONS if key in options}
    return {key: value for key, value in known.items() if isinstance(value, bool | int)}


def _model(model: ModelReport) -> ModelReport:
    return ModelReport(
        class_name=safe_name(model.class_name),
        parameters=model.parameters,
        buffers=model.buffers,
        dtypes=_names(model.dtypes),
        devices=_names(model.devices),
        training=model.training,
        strict=model.strict,
        dynamic_shapes="",
        seconds=model.seconds,
        inputs=_specs(model.inputs),
        outputs=_specs(model.outputs),
    )


def _names(texts: Iterable[str]) -> list[str]:
    return [name for name in map(safe_name, texts) if name]


def _specs(specs: Iterable[TensorSpec]) -> list[TensorSpec]:
    """Without values: a constant's is a literal."""
    return [
        TensorSpec(
            name=safe_name(one.name),
            kind=one.kind,
            shape=[size if isinstance(size, int) else safe_expression(size) for size in one.shape],
            dtype=safe_name(one.dtype),
            device=safe_name(one.device),
        )
        for one in specs
    ]


def _frame(frame: FrameView) -> FrameView:
    return FrameView(
        file=safe_name(frame.file),
        line=frame.line,
        function=safe_name(frame.function),
        where=frame.where,
    )


def _trace(failure: FailureTrace) -> dict[str, Any]:
    """The columns of a failure."""
    return {
        "category": failure.category,
        "exception": safe_name(failure.exception),
        "message": "",
        "hint": "",
        "file": _name(failure.file),
        "line": failure.line,
        "function": safe_name(failure.function),
        "text": "",
        "module": _name(failure.module),
        "expression": safe_expression(failure.expression or "") or None,
        "births": [
            BirthView(
                symbol=safe_name(birth.symbol),
                operation=safe_name(birth.operation),
                frame=birth.frame and _frame(birth.frame),
            )
            for birth in failure.births
        ],
        "value": safe_value(failure.value),
        "upload_file": _name(failure.upload_file),
        "upload_line": failure.upload_line,
        "frames": [_frame(frame) for frame in failure.frames],
        "source": None,
        "stack": "",
    }


def _blocker(blocker: BlockerReport) -> BlockerReport:
    return BlockerReport(
        **_trace(blocker),
        position=blocker.position,
        occurrences=[
            OccurrenceView(
                module=_name(one.module), file=safe_name(one.file), line=one.line, calls=one.calls
            )
            for one in blocker.occurrences
        ],
        behind=blocker.behind,
        bypass=safe_name(blocker.bypass),
        jumped=_name(blocker.jumped),
        fingerprint=_name(blocker.fingerprint),
        remedies=[_remedy(one) for one in blocker.remedies],
    )


def _remedy(remedy: RemedyReport) -> RemedyReport:
    return RemedyReport(
        position=remedy.position,
        blocker=remedy.blocker,
        title=safe_name(remedy.title) or A_FIX,
        kind=remedy.kind,
        tone=remedy.tone,
        outcome=remedy.outcome,
        cost=remedy.cost,
        proof=remedy.proof,
        reason="",
        options=_options(remedy.options),
        patch="",
        next_stop=remedy.next_stop and _stop(remedy.next_stop),
    )


def _stop(stop: StopReport) -> StopReport:
    return StopReport(category=stop.category, file=_name(stop.file), line=stop.line)


def _columns(row: StageRow) -> dict[str, Any]:
    """The columns of a stage in the list."""
    return {
        "n": row.n,
        "name": safe_name(row.name) or f"stage {row.n}",
        "kind": row.kind,
        "component": _name(row.component),
        "role": row.role,
        "status": row.status,
        "reason": "",
        "seconds": row.seconds,
        "nodes": row.nodes,
        "replay": row.replay,
        "max_abs": _number(row),
        "guards": row.guards,
        "stop": row.stop and _stop(row.stop),
    }


def _row(row: StageRow) -> StageRow:
    return StageRow(**_columns(row))


def _stage(stage: StageReport) -> StageReport:
    return StageReport(
        **_columns(stage),
        replay_why="",
        inputs=_specs(stage.inputs),
        outputs=_specs(stage.outputs),
        shown_guards=[
            GuardReport(
                kind=guard.kind,
                expression=safe_expression(guard.expression),
                meaning=safe_expression(guard.meaning),
                file=_name(guard.file),
                line=guard.line,
                text="",
                silent=guard.silent,
            )
            for guard in stage.shown_guards
        ],
        failure=stage.failure and FailureTrace(**_trace(stage.failure)),
        code=safe_code(stage.code),
    )


def _contract(contract: ContractReport) -> ContractReport:
    """Without the text to paste, whose names of dimensions are the script's own code's."""
    return ContractReport(
        words=contract.words,
        dimensions=[
            DimensionReport(
                name=safe_name(one.name),
                size=one.size,
                asked=safe_name(one.asked),
                obtained=one.obtained,
                range=one.range,
                causes=[cause for cause in map(safe_expression, one.causes) if cause],
            )
            for one in contract.dimensions
        ],
        code="",
    )


def _comparison(found: ComparisonReport) -> ComparisonReport:
    return ComparisonReport(
        base=found.base,
        base_title=found.base_title,
        base_words=found.base_words,
        head_words=found.head_words,
        differs=found.differs,
        not_known=found.not_known,
        causes=[
            CauseReport(
                change=one.change,
                category=one.category,
                file=_name(one.file),
                line=one.line,
                text="",
            )
            for one in found.causes
        ],
        stages=_changes(found.stages),
        guards=[
            GuardChange(
                stage=safe_name(one.stage),
                kind=one.kind,
                expression=safe_expression(one.expression),
                meaning=safe_expression(one.meaning),
                file=_name(one.file),
                line=one.line,
                base=one.base,
                head=one.head,
            )
            for one in found.guards
        ],
        options=_changes(row for row in found.options if row.name in _OPTIONS),
        model=_changes(row for row in found.model if row.name != "dynamic_shapes"),
        environment=_changes(found.environment),
        times=_changes(found.times),
        diff="",
    )


def _changes(rows: Iterable[RowReport]) -> list[RowReport]:
    """Those whose name may be told, with what of their values may."""
    return [
        RowReport(
            name=safe_name(row.name),
            base=safe_name(row.base),
            head=safe_name(row.head),
            same=row.same,
            differs=row.differs,
        )
        for row in rows
    ]
