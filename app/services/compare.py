"""Two runs side by side: verdicts, what stops them, stages, guards, script, options, times."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.errors import NotFoundError
from app.models import Run
from app.services.compare_causes import pair_causes
from app.services.compare_graphs import compare_graphs
from app.services.compare_guard_rows import compare_guards
from app.services.compare_read import Side, read_sides
from app.services.compare_stages import pair_stages, stage_row
from app.services.compare_values import (
    PEAK_MEMORY,
    coverage_rows,
    flattened,
    time_rows,
    value_rows,
)
from app.services.compare_views import CompareView, CoverageRow, RunSide, ValueRow
from app.services.compare_words import Compared, Rows, differences, unknowns, verdicts
from app.services.options import every_option
from app.services.present import script_view
from app.services.script_diffs import Upload, script_diff
from app.services.storage import BlobStore
from app.services.summary import run_words, tone_of
from app.services.views import CoverageView

GUARD_ROWS = 200  # that are listed where nobody asks for more
MODEL = ("model_class", "parameters", "buffers", "dtypes", "training", "strict", "dynamic_shapes")


def compare_runs(
    session: Session, store: BlobStore, base: Run, head: Run, *, guard_rows: int = GUARD_ROWS
) -> CompareView:
    """The comparison of two runs that were found, in a fixed number of queries."""
    ours, theirs = read_sides(session, base, head)
    sides = _run_side(ours), _run_side(theirs)
    causes = pair_causes(ours.causes, theirs.causes)
    pairs = pair_stages(ours.stages, theirs.stages)
    guards, guards_differ = compare_guards(session, pairs, guard_rows)
    same_graphs = compare_graphs(session, pairs)
    stages = [
        stage_row(
            pair,
            head_run=theirs.id,
            live=(sides[0].live, sides[1].live),
            same_graph=same_graphs.get(pair.shown.key),
            guards_differ=guards_differ[pair.shown.key],
        )
        for pair in pairs
    ]
    tables = _tables(ours, theirs)
    diff, diff_missing = _script_diff(store, ours, theirs)
    same_script = base.script_id == head.script_id and base.entry == head.entry
    compared = Compared(same_script, causes, stages, guards, tables.nouns)
    differs, not_known = differences(compared), unknowns(*sides, compared)
    return CompareView(
        base=sides[0],
        head=sides[1],
        sentence=verdicts(*sides, causes),
        differs=differs,
        not_known=not_known,
        equal=not differs and not not_known,
        same_script=same_script,
        verdict_changed=_verdict_changed(base, head),
        causes=causes,
        stages=stages,
        stages_cut=ours.cut or theirs.cut,
        guards=guards,
        options=tables.options,
        model=tables.model,
        environment=tables.environment,
        times=tables.times,
        coverage=tables.coverage,
        diff=diff,
        diff_missing=diff_missing,
    )


@dataclass(frozen=True)
class _Tables:
    """What two runs were made of and came to, row by row."""

    options: list[ValueRow]
    model: list[ValueRow]
    environment: list[ValueRow]
    times: list[ValueRow]
    coverage: list[CoverageRow]

    @property
    def nouns(self) -> dict[str, Rows]:
        """All but the times, by what one that differs is called."""
        return {
            "option": self.options,
            "the model": self.model,
            "the environment": self.environment,
            "the coverage": self.coverage,
        }


def _tables(base: Side, head: Side) -> _Tables:
    return _Tables(
        options=value_rows(every_option(base.run.options), every_option(head.run.options)),
        model=value_rows(_model(base.run), _model(head.run)),
        environment=[
            *value_rows({"runtime": base.run.runtime}, {"runtime": head.run.runtime}),
            *value_rows(_sandbox(base.run), _sandbox(head.run)),
            *value_rows(_environment(base.run), _environment(head.run)),
        ],
        times=time_rows(_times(base), _times(head)),
        coverage=coverage_rows(_coverage(base.run), _coverage(head.run)),
    )


def _run_side(side: Side) -> RunSide:
    run, whole = side.run, side.whole
    replay = None if whole is None else whole.side.replay
    return RunSide(
        id=side.id,
        url=f"/runs/{side.id}",
        title=run.title,
        status=run.status,
        verdict=run.verdict,
        reason=run.reason,
        replay=replay,
        search=side.search,
        script=script_view(run, side.script),
        runtime=run.runtime,
        sandbox=run.sandbox,
        parent=side.parent,
        created_at=run.created_at,
        live=not run.status.ended,
        tone=tone_of(run.status, run.verdict, replay),
        words=run_words(run.status, run.verdict, replay),
    )


def _model(run: Run) -> dict[str, Any] | None:
    """What the script gave; None where it was not loaded."""
    return None if run.loaded is None else {name: run.loaded.get(name) for name in MODEL}


def _environment(run: Run) -> dict[str, Any] | None:
    return None if run.loaded is None else flattened(run.loaded["environment"])


def _sandbox(run: Run) -> dict[str, Any] | None:
    """Known once a worker has started it."""
    return None if run.sandbox is None else {"sandbox": run.sandbox}


def _coverage(run: Run) -> CoverageView | None:
    return None if run.coverage is None else CoverageView.model_validate(run.coverage)


def _times(side: Side) -> dict[str, float | None]:
    run = side.run
    return {
        "load": (run.loaded or {}).get("seconds"),
        "eager": side.eager["seconds"],
        PEAK_MEMORY: side.eager["peak_rss_bytes"],
        "verdict": _between(run.started_at, run.whole_at),
        "run": _between(run.started_at, run.finished_at),
    }


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()


def _verdict_changed(base: Run, head: Run) -> bool | None:
    if base.verdict is None or head.verdict is None:
        return None
    return base.verdict is not head.verdict


def _script_diff(store: BlobStore, base: Side, head: Side) -> tuple[str, str]:
    """The diff of the two scripts, or why there is none to see."""
    if base.script.id == head.script.id:
        return "", ""
    ours, theirs = (
        Upload(side.script.sha256, side.script.kind, side.run.entry) for side in (base, head)
    )
    try:
        diff = script_diff(store, ours, theirs)
    except NotFoundError as error:
        return "", error.message
    return diff, "" if diff else "What differs in them is no text, or too large to be compared."
