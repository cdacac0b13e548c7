"""A report as pages draw it: code highlighted, diffs read, frames in groups. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.cards import Culprit, Reached
from app.graphs.render import Code, render_code
from app.models import RemedyKind
from app.patches import Diff, read_diff
from app.reports.report import BlockerReport, RemedyReport, Report, StageRow
from app.services.failure_views import FailureTrace
from app.services.summary import Tone

HELPFUL = (Tone.GOOD, Tone.DOUBT, Tone.PART)  # of fixes that get past it


@dataclass(frozen=True)
class RemedySheet:
    """A fix, with its diff."""

    remedy: RemedyReport
    diff: Diff | None

    @classmethod
    def of(cls, remedy: RemedyReport) -> "RemedySheet":
        """Its patch highlighted."""
        return cls(remedy, read_diff(remedy.patch))


@dataclass(frozen=True)
class FixesSheet:
    """Fixes of one blocker, or of the whole model: what helps, all together first, and the rest."""

    works: tuple[RemedySheet, ...]
    vain: tuple[RemedySheet, ...]

    @classmethod
    def of(cls, remedies: Sequence[RemedyReport]) -> "FixesSheet":
        """Both in their own order."""
        ordered = sorted(remedies, key=lambda one: one.kind is not RemedyKind.COMBINED)
        cards = [RemedySheet.of(one) for one in ordered]
        return cls(
            tuple(card for card in cards if card.remedy.tone in HELPFUL),
            tuple(card for card in cards if card.remedy.tone not in HELPFUL),
        )

    @property
    def tried(self) -> bool:
        """Whether there is any."""
        return bool(self.works or self.vain)

    @property
    def exports(self) -> bool:
        """Whether all together makes the model export."""
        return bool(self.works) and self.works[0].remedy.kind is RemedyKind.COMBINED


@dataclass(frozen=True)
class FailureSheet:
    """A failure that is drawn; `mark` keeps the anchors of its lines apart from others'."""

    mark: str
    culprit: Culprit

    @classmethod
    def of(cls, failure: FailureTrace | None, mark: str) -> "FailureSheet | None":
        """None for none."""
        culprit = Culprit.of(failure)
        return None if culprit is None else cls(mark, culprit)


@dataclass(frozen=True)
class BlockerSheet(FailureSheet):
    """A blocker with what was tried against it, and the script that fails alike."""

    blocker: BlockerReport
    reached: Reached
    fixes: FixesSheet
    repro: Code | None

    @classmethod
    def of_blocker(cls, blocker: BlockerReport) -> "BlockerSheet":
        """What is drawn of it."""
        culprit = Culprit.of(blocker)
        assert culprit is not None
        text = blocker.repro.text if blocker.repro else ""
        return cls(
            mark=f"B{blocker.position}-",
            culprit=culprit,
            blocker=blocker,
            reached=Reached.of(blocker, blocker.occurrences),
            fixes=FixesSheet.of(blocker.remedies),
            repro=render_code(text) if text else None,
        )


@dataclass(frozen=True)
class ReportSheet:
    """All of a report that is drawn."""

    report: Report
    failure: FailureSheet | None
    blockers: tuple[BlockerSheet, ...]
    fixes: FixesSheet
    stage_failure: FailureSheet | None
    code: Code | None
    contract: Code | None
    diff: Diff | None

    @classmethod
    def of(cls, report: Report) -> "ReportSheet":
        """What is drawn of it."""
        stage, contract, comparison = report.stage, report.contract, report.comparison
        return cls(
            report=report,
            failure=FailureSheet.of(report.failure, "F"),
            blockers=tuple(map(BlockerSheet.of_blocker, report.blockers)),
            fixes=FixesSheet.of(report.remedies),
            stage_failure=FailureSheet.of(stage.failure if stage else None, "S"),
            code=render_code(stage.code) if stage and stage.code else None,
            contract=render_code(contract.code) if contract and contract.code else None,
            diff=read_diff(comparison.diff) if comparison else None,
        )

    @property
    def rows(self) -> list[StageRow]:
        """The stages of the run, or the one that the report is of."""
        return [self.report.stage] if self.report.stage else self.report.stages
