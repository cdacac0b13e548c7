"""A report as pages draw it: code highlighted, diffs read, frames in groups. Pure."""

from dataclasses import dataclass

from app.cards import Culprit, Reached
from app.graphs.render import Code, render_code
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
    """A blocker with what was tried, what works first."""

    blocker: BlockerReport
    reached: Reached
    works: tuple[RemedySheet, ...]
    vain: tuple[RemedySheet, ...]
    repro: Code | None

    @classmethod
    def of_blocker(cls, blocker: BlockerReport) -> "BlockerSheet":
        """What is drawn of it."""
        culprit = Culprit.of(blocker)
        assert culprit is not None
        cards = [RemedySheet.of(one) for one in blocker.remedies]
        text = blocker.repro.text if blocker.repro else ""
        return cls(
            mark=f"B{blocker.position}-",
            culprit=culprit,
            blocker=blocker,
            reached=Reached.of(blocker, blocker.occurrences),
            works=tuple(card for card in cards if card.remedy.tone in HELPFUL),
            vain=tuple(card for card in cards if card.remedy.tone not in HELPFUL),
            repro=render_code(text) if text else None,
        )


@dataclass(frozen=True)
class ReportSheet:
    """All of a report that is drawn."""

    report: Report
    failure: FailureSheet | None
    blockers: tuple[BlockerSheet, ...]
    remedies: tuple[RemedySheet, ...]
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
            remedies=tuple(map(RemedySheet.of, report.remedies)),
            stage_failure=FailureSheet.of(stage.failure if stage else None, "S"),
            code=render_code(stage.code) if stage and stage.code else None,
            contract=render_code(contract.code) if contract and contract.code else None,
            diff=read_diff(comparison.diff) if comparison else None,
        )

    @property
    def rows(self) -> list[StageRow]:
        """The stages of the run, or the one that the report is of."""
        return [self.report.stage] if self.report.stage else self.report.stages
