"""Two runs compared by a server: what is read of its answer, what is told, what got worse."""

from collections.abc import Iterator

from rich.text import Text

from app.cli.console import STYLES, styled
from app.cli.regression import Ending, Regression, worse_verdict
from app.models import Category, ReplayStatus, StageStatus, Verdict
from app.services.summary import Cause, Tone
from app.services.view import View

_CAUSES = {
    "new": ("new", Tone.BAD),
    "gone": ("gone", Tone.GOOD),
    "still": ("still there", Tone.OFF),
    "maybe_new": ("not known to be new", Tone.DOUBT),
    "maybe_gone": ("not known to be gone", Tone.DOUBT),
}
_UNTOLD = frozenset({"same", "not_known"})  # changes of a stage that are none


class Side(View):
    """One of the runs."""

    id: int
    url: str
    verdict: Verdict | None
    replay: ReplayStatus | None


class CauseSide(View):
    """What stops a run."""

    category: Category
    file: str | None
    line: int | None
    text: str
    module: str | None


class CauseRow(View):
    """What became of a cause: a key of _CAUSES."""

    change: str
    base: CauseSide | None
    head: CauseSide | None

    @property
    def shown(self) -> CauseSide | None:
        """The head's, where it has it."""
        return self.head or self.base


class StageSide(View):
    """A stage in one of the runs."""

    status: StageStatus


class StageRow(View):
    """A stage of both, and what differs of it."""

    name: str
    kind: str
    change: str
    changes: list[str]
    base: StageSide | None
    head: StageSide | None

    @property
    def differs(self) -> bool:
        """Whether more than its time does."""
        return self.change not in _UNTOLD and self.changes != ["seconds"]


class Comparison(View):
    """What the command reads of the answer of GET /api/compare."""

    base: Side
    head: Side
    sentence: str
    causes: list[CauseRow]
    stages: list[StageRow]

    @property
    def regression(self) -> Regression:
        """What got worse; what is not known to be new is none."""
        base, head = (Ending(side.verdict, side.replay) for side in (self.base, self.head))
        new = [row.shown for row in self.causes if row.change == "new" and row.shown]
        words = [Cause(one.category, file=one.file, line=one.line).words for one in new]
        return Regression(
            (*worse_verdict(base, head), *(f"Something new stops it: {one}." for one in words)),
            unsure=sum(row.change == "maybe_new" for row in self.causes),
        )

    def lines(self) -> Iterator[Text]:
        """The sentence, each cause, and the stages that differ."""
        yield styled((self.sentence, "bold"))
        for row in self.causes:
            if (cause := row.shown) is not None:
                yield from _cause(row.change, cause)
        differing = [row for row in self.stages if row.differs]
        if differing:
            yield Text()
        yield from map(_stage, differing)


def _cause(change: str, cause: CauseSide) -> Iterator[Text]:
    words, tone = _CAUSES.get(change, (change, Tone.DOUBT))
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
    return styled(f"{row.name} ({row.kind}) {row.change}{what} ({status})")
