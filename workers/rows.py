"""Events as rows: what the probe said, in the shapes that the tables store. Pure."""

import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from app.collector import without_collector
from app.fingerprint import fingerprint
from app.graphs.document import GraphDocument
from app.models import (
    Blocker,
    Component,
    Failure,
    Graph,
    Guard,
    ReplayStatus,
    Stage,
    StageKind,
)
from app.services.record import StageEnd
from workers.events import BlockerReport, FailureReport, GuardReport, Planned, StageFinished
from workers.fingerprints import fingerprint_of
from workers.protocol import WHOLE
from workers.verdict import Trouble


def to_data(record: BaseModel) -> dict[str, Any]:
    """A record as plain JSON data, without the event's type."""
    return record.model_dump(mode="json", exclude={"type"})


def plan_rows(run_id: int, plan: Planned | None) -> tuple[list[Component], list[Stage]]:
    """Components and stages of a plan, the whole stage last; without a plan it is the only one."""
    components = [
        Component(run_id=run_id, position=position, **dict(component))
        for position, component in enumerate(plan.components if plan else [], start=1)
    ]
    stages = [
        Stage(run_id=run_id, n=n, **dict(stage))
        for n, stage in enumerate(plan.stages if plan else [], start=1)
    ]
    whole = Stage(
        run_id=run_id, n=len(stages) + 1, key=WHOLE, kind=StageKind.WHOLE, name="whole model"
    )
    return components, [*stages, whole]


@without_collector()
def stage_end(run_id: int, event: StageFinished) -> StageEnd:
    """All that a stage leaves, as rows without ids."""
    replay = event.replay
    return StageEnd(
        status=event.status,
        reason=event.reason,
        seconds=event.seconds,
        graph=graph_row(event.graph, event.code) if event.graph else None,
        guards=[guard_row(n, guard) for n, guard in enumerate(event.guards, start=1)],
        failure=failure_row(run_id, event.failure) if event.failure else None,
        inputs=[to_data(spec) for spec in event.inputs],
        outputs=[to_data(spec) for spec in event.outputs],
        replay=replay.status if replay else ReplayStatus.NOT_RUN,
        replay_detail=to_data(replay) if replay else None,
        detail=to_data(event.detail) if event.detail else None,
    )


def graph_row(document: GraphDocument, code: str) -> Graph:
    """A graph in canonical JSON: the same content has the same digest, whoever made it."""
    text = json.dumps(
        document.model_dump(mode="json"),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode()
    return Graph(
        digest=hashlib.sha256(text + b"\0" + code.encode()).hexdigest(),
        version=document.version,
        nodes=document.compute_nodes(),
        document=zlib.compress(text),
        code=zlib.compress(code.encode()),
    )


def guard_row(position: int, guard: GuardReport) -> Guard:
    """One guard; the stage's id comes when it is stored."""
    frame = guard.frame
    return Guard(
        stage_id=0,
        position=position,
        kind=guard.kind,
        expression=guard.expression,
        meaning=guard.meaning,
        file=frame.file if frame else None,
        line=frame.line if frame else None,
        text=frame.text if frame else "",
        framework=guard.framework,
        silent=guard.silent,
    )


def failure_row(run_id: int, report: FailureReport) -> Failure:
    """A failure that the probe reported."""
    return Failure(run_id=run_id, **_cause(report))


def blocker_rows(run_id: int, reports: Sequence[BlockerReport]) -> list[Blocker]:
    """All blockers of a run, in the order that the probe told them."""
    return [
        Blocker(
            run_id=run_id,
            position=position,
            occurrences=[to_data(one) for one in report.occurrences],
            behind=report.behind,
            bypass=report.bypass,
            jumped=report.jumped,
            **_cause(report.failure),
        )
        for position, report in enumerate(reports, start=1)
    ]


def _cause(report: FailureReport) -> dict[str, Any]:
    """The columns of app/models/failure.py's Cause."""
    culprit, upload = report.culprit, report.upload
    apart = upload is not None and upload != culprit  # else it would be said twice
    return {
        "category": report.category,
        "exception": report.exception,
        "message": report.message,
        "hint": report.hint,
        "file": culprit.file if culprit else None,
        "line": culprit.line if culprit else None,
        "function": culprit.function if culprit else "",
        "text": culprit.text if culprit else "",
        "module": report.module,
        "module_class": report.module_class,
        "expression": report.expression,
        "births": [to_data(birth) for birth in report.births],
        "value": report.value,
        "upload_file": upload.file if upload and apart else None,
        "upload_line": upload.line if upload and apart else None,
        "frames": [to_data(frame) for frame in report.frames],
        "source": to_data(report.source) if report.source else None,
        "stack": report.stack,
        "fingerprint": fingerprint_of(report),
    }


def trouble_row(run_id: int, trouble: Trouble) -> Failure:
    """A failure that we saw from outside: a limit or a crash."""
    return Failure(
        run_id=run_id,
        category=trouble.category,
        exception=trouble.exception,
        message=trouble.message,
        hint=trouble.hint,
        fingerprint=fingerprint(trouble.category, None, (), "", trouble.message),
    )
