"""What a report says of two runs: what stops them, stage by stage, what else differs. Pure."""

import json
from typing import Any

from app.models import Category, GuardKind, StageStatus
from app.reports.safe_text import safe_name
from app.services.compare_values import PEAK_MEMORY
from app.services.compare_views import (
    Change,
    CompareView,
    GuardRow,
    StageRow,
    StageSide,
    ValueRow,
)
from app.services.compare_words import CAUSE_CHANGES, stage_differs, verdicts
from app.services.summary import Summary
from app.services.view import View
from app.templating import seconds, size, words


class CauseReport(View):
    """Something that stops one of the runs, or both; `change` says in words what became of it."""

    change: str
    category: Category
    file: str | None
    line: int | None
    text: str


class RowReport(View):
    """Something that both runs have, or one: as it was and as it is; empty: it is not there.

    `differs` names what of a stage is not the same.
    """

    name: str
    base: str
    head: str
    same: bool
    differs: str = ""


class GuardChange(View):
    """A guard that is not the same in both; `base` and `head` say how often each has it."""

    stage: str
    kind: GuardKind
    expression: str
    meaning: str
    file: str | None
    line: int | None
    base: int
    head: int


class ComparisonReport(View):
    """Two runs, side by side. Of guards and settings, what is not the same; `diff` is that of the
    scripts, as a unified diff. `differs` and `not_known` say all of it in a few words.
    """

    base: int
    base_title: str
    base_words: str
    head_words: str
    differs: list[str]
    not_known: list[str]
    causes: list[CauseReport]
    stages: list[RowReport]
    guards: list[GuardChange]
    options: list[RowReport]
    model: list[RowReport]
    environment: list[RowReport]
    times: list[RowReport]
    diff: str


def comparison_of(view: CompareView) -> ComparisonReport:
    """What of a comparison goes into a report: no address, and no row that says nothing."""
    return ComparisonReport(
        base=view.base.id,
        base_title=view.base.title,
        base_words=view.base.words,
        head_words=view.head.words,
        differs=view.differs,
        not_known=view.not_known,
        causes=[
            CauseReport(
                change=CAUSE_CHANGES[row.change],
                category=row.shown.category,
                file=row.shown.file,
                line=row.shown.line,
                text=row.shown.text,
            )
            for row in view.causes
        ],
        stages=[_stage(row) for row in view.stages],
        guards=[_guard(row) for row in view.guards.rows if row.change is not Change.SAME],
        options=_values(view.options),
        model=_values(view.model),
        environment=_values(view.environment),
        times=[_time(row) for row in view.times],
        diff=view.diff,
    )


def comparison_headline(view: CompareView, *, with_source: bool) -> Summary:
    """How both ended, in a sentence."""
    sentence = view.sentence
    if not with_source:
        safe = [
            row.model_copy(
                update={
                    side: found and found.model_copy(update={"file": safe_name(found.file or "")})
                    for side, found in (("base", row.base), ("head", row.head))
                }
            )
            for row in view.causes
        ]
        sentence = verdicts(view.base, view.head, safe)
    return Summary(view.head.tone, sentence)


def _stage(row: StageRow) -> RowReport:
    return RowReport(
        name=row.name,
        base=_side(row.base),
        head=_side(row.head),
        same=not stage_differs(row),
        differs=", ".join(row.changes),
    )


def _side(side: StageSide | None) -> str:
    """A stage of one run in a few words."""
    if side is None:
        return ""
    parts = [side.status.value]
    if side.status is StageStatus.PASSED:
        parts.append(f"replay {words(side.replay)}")
    if side.failure is not None:
        parts.append(words(side.failure.category))
    if side.seconds is not None:
        parts.append(seconds(side.seconds))
    return ", ".join(parts)


def _guard(row: GuardRow) -> GuardChange:
    return GuardChange(
        stage=row.name,
        kind=row.kind,
        expression=row.expression,
        meaning=row.meaning,
        file=row.file,
        line=row.line,
        base=row.base,
        head=row.head,
    )


def _values(rows: list[ValueRow]) -> list[RowReport]:
    """Those that are not the same."""
    return [
        RowReport(name=row.name, base=_text(row.base), head=_text(row.head), same=False)
        for row in rows
        if row.change is not Change.SAME
    ]


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _time(row: ValueRow) -> RowReport:
    shown = size if row.name == PEAK_MEMORY else seconds
    base, head = ("" if value is None else shown(value) for value in (row.base, row.head))
    return RowReport(name=words(row.name), base=base, head=head, same=row.change is Change.SAME)
