"""Two runs compared: what is told of it, and what got worse. Pure."""

from collections.abc import Iterator

from rich.text import Text

from app.cli.console import STYLES, styled
from app.cli.regression import Ending, Regression, told_new, worse_verdict
from app.services.compare_views import CauseChange, CauseRow, CompareView, StageRow
from app.services.compare_words import CAUSE_CHANGES, stage_differs
from app.services.summary import Tone

_TONES = {
    CauseChange.NEW: Tone.BAD,
    CauseChange.GONE: Tone.GOOD,
    CauseChange.STILL: Tone.OFF,
    CauseChange.MAYBE_NEW: Tone.DOUBT,
    CauseChange.MAYBE_GONE: Tone.DOUBT,
}


def compared_regression(compared: CompareView) -> Regression:
    """What got worse; what is not known to be new is none."""
    base, head = (Ending(side.verdict, side.replay) for side in (compared.base, compared.head))
    changes = [row.change for row in compared.causes]
    new = [row.shown for row in compared.causes if row.change is CauseChange.NEW]
    return Regression(
        (*worse_verdict(base, head), *map(told_new, new)),
        unsure=changes.count(CauseChange.MAYBE_NEW),
        unjudged=_unjudged(compared),
    )


def _unjudged(compared: CompareView) -> str:
    """Why one verdict cannot be held against the other; empty where both are there."""
    for side in (compared.head, compared.base):
        if side.verdict is None:
            return f"Run {side.id} has no verdict: whether anything got worse is not known."
    return ""


def describe_comparison(compared: CompareView) -> Iterator[Text]:
    """The sentence, each cause, and the stages that differ."""
    yield styled((compared.sentence, "bold"))
    for row in compared.causes:
        yield from _cause(row)
    differing = list(filter(stage_differs, compared.stages))
    if differing:
        yield Text()
    yield from map(_stage, differing)


def _cause(row: CauseRow) -> Iterator[Text]:
    words, tone, cause = CAUSE_CHANGES[row.change], _TONES[row.change], row.shown
    place = f"{cause.file}:{cause.line}  " if cause.file else ""
    module = f" in {cause.module}" if cause.module else ""
    yield Text()
    yield styled((f"{words}: ", STYLES[tone]), (place, "bold"), f"{cause.category.value}{module}")
    if cause.text:
        yield styled((f"    {cause.text.strip()}", "cyan"))


def _stage(row: StageRow) -> Text:
    before, after = (side.status.value if side else "absent" for side in (row.base, row.head))
    status = before if before == after else f"{before} → {after}"
    what = f": {', '.join(row.changes)}" if row.changes else ""
    return styled(f"{row.name} ({row.kind.value}) {row.change.value}{what} ({status})")
