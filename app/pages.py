"""What each template is given: frozen, typed, complete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.cards import BlockerCard, Culprit, GuardTable, LogPart, Reached
from app.comment_pages import Thread
from app.docs import Document, Heading
from app.errors import StagelightError
from app.forms import RunForm
from app.graphs.render import Code, render_code
from app.models import Fate, StageKind, StageStatus
from app.patches import Diff, read_diff
from app.remedy_cards import Fixes, RemedyCard
from app.services.changes import ChangesView
from app.services.contracts import ContractView, contract_words
from app.services.docs import DocLink
from app.services.failure_views import BlockerDetail
from app.services.in_force import Section
from app.services.known_failures import KnownFailure
from app.services.module_tree import ModuleTree
from app.services.pairs import Pair, likeliest
from app.services.stop_picture import StopPicture
from app.services.summary import Summary, follow_words, search_words
from app.services.tiers import TierWords, tier_words
from app.services.views import (
    CoverageView,
    RunView,
    StageDetail,
    StageLinkView,
    StageView,
)
from app.services.workers import WorkerView
from app.templating import Page

# Stages that no plan has, by their heading on the run's page.
LATER = {
    StageKind.DECOMPOSED: "Decomposed",
    StageKind.SERIALIZED: "Saved and loaded in a fresh process",
    StageKind.STRICT: "In the other mode",
    StageKind.DRAFT: "Unproven: draft_export",
    StageKind.ONNX: "ONNX",
    StageKind.BYPASS: "Past the blockers",
    StageKind.PART: "Parts of what failed alone",
}


@dataclass(frozen=True)
class Problem:
    """An error shown at a form or as a page."""

    status: int
    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: StagelightError) -> "Problem":
        """The problem that an error describes."""
        return cls(error.status, error.code, error.message, error.hint)


@dataclass(frozen=True)
class Changes:
    """What a run changed of its parent, the diff of the script rendered."""

    run: int
    view: ChangesView
    diff: Diff | None

    @classmethod
    def of(cls, run: int, view: ChangesView) -> "Changes":
        """What run number `run` changed."""
        return cls(run, view, read_diff(view.diff))

    @property
    def comparison(self) -> str:
        """The address of the diff of the two whole graphs; empty where one has none."""
        view = self.view
        if view.graph is None or view.graph == view.base:
            return ""
        return f"/graphs/{view.graph}?base={view.base}&stage={self.run}.{view.stage}"


@dataclass(frozen=True)
class RunPage(Page):
    """A run. `event` is the last one that this page has seen."""

    template: ClassVar[str] = "run.html"
    run: RunView
    summary: Summary
    culprit: Culprit | None  # of the run's own failure; a stage's is among the blockers
    cards: tuple[BlockerCard, ...]
    stops: StopPicture | None  # where the whole model stops
    fixes: Fixes | None  # what was tried against it
    changes: Changes | None  # what it changed of the run that it repeats
    contract: ContractView | None  # what its dimensions can be
    known: Mapping[int, KnownFailure]  # from other runs, by the blocker's position; 0: its own
    log: LogPart
    thread: Thread
    event: int

    @property
    def run_id(self) -> int:
        """Whose log it shows."""
        return self.run.id

    @property
    def live(self) -> bool:
        """Whether it may still change."""
        return not self.run.status.ended

    @property
    def following(self) -> str:
        """What is being tried after the verdict, in words; empty where nothing is."""
        return follow_words(self.run.following) if self.live else ""

    @property
    def contract_words(self) -> str:
        """What its dimensions can be, in a sentence."""
        return "" if self.contract is None else contract_words(self.contract)

    @property
    def search(self) -> str:
        """How the search for blockers ended."""
        return search_words(self.run.search, len(self.cards), live=self.live)

    @property
    def stages(self) -> tuple[tuple[str, tuple[StageView, ...]], ...]:
        """The stages in groups, each with a heading; the plan's own have none."""
        groups = {"": [s for s in self.run.stages if s.kind not in LATER]} | {
            title: [s for s in self.run.stages if s.kind is kind] for kind, title in LATER.items()
        }
        return tuple((title, tuple(stages)) for title, stages in groups.items() if stages)

    @property
    def tier(self) -> TierWords | None:
        """The sandbox that the script had, in words; None while it has not started."""
        return None if self.run.sandbox is None else tier_words(self.run.sandbox)


@dataclass(frozen=True)
class RunPart(RunPage):
    """The part of the run's page that changes."""

    template: ClassVar[str] = "_run.html"


@dataclass(frozen=True)
class RunLogPart(RunPage):
    """The run's log alone."""

    template: ClassVar[str] = "_log.html"


@dataclass(frozen=True)
class BlockerPage(Page):
    """One blocker in full. `neighbours` are the positions before and after it, where there are."""

    template: ClassVar[str] = "blocker.html"
    run_id: int
    run_title: str
    sandbox: str | None  # the run's tier
    blocker: BlockerDetail
    culprit: Culprit
    reached: Reached
    searched: bool  # what is said of the search is known
    neighbours: tuple[int | None, int | None]
    remedies: tuple[RemedyCard, ...]
    known: KnownFailure | None  # from other runs
    live: bool  # whether more may still be tried
    event: int  # the last one of its run that this page has seen

    @property
    def repro(self) -> Code | None:
        """The small script that fails alike, highlighted."""
        repro = self.blocker.repro
        return render_code(repro.text) if repro is not None and repro.text else None


@dataclass(frozen=True)
class BlockerRemediesPart(BlockerPage):
    """The remedies of a blocker's page, which come while they are tried."""

    template: ClassVar[str] = "_blocker_remedies.html"


@dataclass(frozen=True)
class BlockerReproPart(BlockerPage):
    """The small script of a blocker's page, which comes when it is found."""

    template: ClassVar[str] = "_blocker_repro.html"


@dataclass(frozen=True)
class ModulesPage(Page):
    """A model's modules and what became of them."""

    template: ClassVar[str] = "modules.html"
    run_id: int
    run_title: str
    sandbox: str | None  # the run's tier
    model_class: str
    coverage: CoverageView | None
    tree: ModuleTree
    stops: tuple[int, ...]  # positions of blockers in the model's own code
    fate: Fate | None  # that is asked for
    under: str
    live: bool


@dataclass(frozen=True)
class StagePage(Page):
    """A stage. `event` is the last one of its run that this page has seen."""

    template: ClassVar[str] = "stage.html"
    run_id: int
    run_title: str
    sandbox: str | None  # the run's tier
    stage: StageDetail
    before: StageLinkView | None
    after: StageLinkView | None
    culprit: Culprit | None
    guards: GuardTable
    code: Code | None
    pairs: tuple[Pair, ...]  # what its graph is worth comparing with
    log: LogPart  # the run's: what a script prints belongs to no one stage
    event: int

    @property
    def partial(self) -> bool:
        """Whether its graph ends where export failed."""
        return self.stage.status is StageStatus.FAILED

    @property
    def likeliest(self) -> Pair | None:
        """The pair to begin with."""
        return likeliest(self.pairs)

    def comparison(self, pair: Pair) -> str:
        """The address of the diff, seen from this stage."""
        seen = f"{self.run_id}.{self.stage.n}"
        return f"/graphs/{self.stage.graph}?base={pair.base}&stage={seen}"

    @property
    def live(self) -> bool:
        """Whether it may still change."""
        return self.stage.status.value in ("pending", "running")


@dataclass(frozen=True)
class StagePart(StagePage):
    """The part of the stage's page that changes."""

    template: ClassVar[str] = "_stage.html"


@dataclass(frozen=True)
class RerunPage(Page):
    """The form to run a script again, or one that was changed."""

    template: ClassVar[str] = "rerun.html"
    run: RunView
    form: RunForm
    runtimes: tuple[str, ...]
    editable: bool  # whether the script's text is in the form
    problem: Problem | None = None


@dataclass(frozen=True)
class WorkerCard:
    """A worker with its tier in words."""

    worker: WorkerView
    words: TierWords

    @classmethod
    def of(cls, worker: WorkerView) -> "WorkerCard":
        """The card of a worker."""
        return cls(worker, tier_words(worker.tier))


@dataclass(frozen=True)
class SettingsPage(Page):
    """The workers that are there, and, to admins, the settings of the web process."""

    template: ClassVar[str] = "settings.html"
    workers: tuple[WorkerCard, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class DocsPage(Page):
    """The index of the documentation."""

    template: ClassVar[str] = "docs.html"
    docs: tuple[DocLink, ...]
    categories: tuple[tuple[str, tuple[DocLink, ...]], ...]  # in groups, each with a title


@dataclass(frozen=True)
class DocPage(Page):
    """One page of it; `category` says that it is about one of failures."""

    template: ClassVar[str] = "doc.html"
    name: str
    document: Document
    category: bool

    @property
    def sections(self) -> list[Heading]:
        """Its sections, in order."""
        return [heading for heading in self.document.headings if heading.level == 2]

    @property
    def ways_out(self) -> list[Heading]:
        """What a category's page has of them: all that lies below its sections."""
        return [one for one in self.document.headings if self.category and one.level == 3]


@dataclass(frozen=True)
class ErrorPage(Page):
    """What went wrong, and what to do next."""

    template: ClassVar[str] = "error.html"
    problem: Problem
