"""What the history's templates are given."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from app.forms import RunForm
from app.history_address import HistoryAddress
from app.models import Category, RunStatus, Verdict
from app.pages import Problem
from app.plots import Plot
from app.services.facets import Facets
from app.services.saved_filters import FilterView
from app.services.summary import Tone, run_words, tone_of
from app.services.timeline import Timeline
from app.services.views import ExampleView, RunHead, RunList
from app.templating import Page
from app.usage_pages import UsageCard

# Those that one click leads to, all of one question: how it came out.
OUTCOMES = (
    ("status", RunStatus.RUNNING),
    ("verdict", Verdict.EXPORTED),
    ("verdict", Verdict.PARTLY),
    ("verdict", Verdict.BLOCKED),
    ("verdict", Verdict.SCRIPT_ERROR),
    ("status", RunStatus.FAILED),
)

# The fields of a filter as its chip calls them.
LABELS = {
    "q": "text",
    "status": "status",
    "verdict": "verdict",
    "category": "category",
    "person": "person",
    "script": "script",
    "model": "model",
    "runtime": "runtime",
    "since": "since",
    "until": "until",
    "pin": "star",
}


@dataclass(frozen=True)
class Chip:
    """A filter that is a link: to have it, or to be rid of it."""

    label: str
    value: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class HistoryRow:
    """A run in the list, with its verdict in words."""

    run: RunHead
    tone: Tone
    words: str

    @classmethod
    def of(cls, run: RunHead) -> "HistoryRow":
        """The row of a run."""
        words = run_words(run.status, run.verdict, run.replay)
        return cls(run, tone_of(run.status, run.verdict, run.replay), words)


@dataclass(frozen=True)
class HistoryPage(Page):
    """The list of runs, which asks for what is new. Of filters that mean nothing: the problem."""

    template: ClassVar[str] = "_history.html"
    rows: tuple[HistoryRow, ...]
    address: HistoryAddress
    next: str | None
    several_runtimes: bool
    state: str
    problem: Problem | None = None

    @classmethod
    def of(
        cls,
        runs: RunList,
        address: HistoryAddress,
        *,
        runtimes: int,
        state: str,
        problem: Problem | None = None,
    ) -> "HistoryPage":
        """The list that was read at this address, where there are so many runtimes."""
        rows = tuple(HistoryRow.of(run) for run in runs.runs)
        return cls(rows, address, runs.next, runtimes > 1, state, problem)

    @property
    def fresh(self) -> str:
        """The address that answers with the list, once it is another."""
        return self.address.link("/_history", before=self.address.before, state=self.state)

    @property
    def outcomes(self) -> Iterator[Chip]:
        """Links to how runs came out, with the other filters kept."""
        one, all_of = self.address, self.address.link(status="", verdict="")
        yield Chip("", "all", all_of, current=not (one.status or one.verdict))
        for field, value in OUTCOMES:
            url = one.link(**({"status": "", "verdict": ""} | {field: value.value}))
            yield Chip("", value.value, url, current=value.value in (one.status, one.verdict))

    @property
    def active(self) -> Iterator[Chip]:
        """Each filter that is on and that no other link shows, as a link that takes it off."""
        shown = {value.value for _, value in OUTCOMES}
        for field, label in LABELS.items():
            value = getattr(self.address, field)
            if value and value not in shown:
                yield Chip(label, "" if field == "pin" else value, self.address.link(**{field: ""}))
        for tag in self.address.tag:
            others = tuple(one for one in self.address.tag if one != tag)
            yield Chip("tag", tag, self.address.link(tag=others))


@dataclass(frozen=True)
class Deleted:
    """A run that was deleted right now."""

    id: int
    title: str


@dataclass(frozen=True)
class FilterForm:
    """The form of filters, with what there is to choose from."""

    address: HistoryAddress
    facets: Facets
    saved: tuple[FilterView, ...]

    categories: ClassVar[tuple[Category, ...]] = tuple(Category)
    statuses: ClassVar[tuple[RunStatus, ...]] = tuple(RunStatus)
    verdicts: ClassVar[tuple[Verdict, ...]] = tuple(Verdict)

    @property
    def named(self) -> FilterView | None:
        """The saved filter that is on."""
        query = self.address.text()
        return next((one for one in self.saved if one.query == query), None)

    @property
    def opened(self) -> bool:
        """Whether a field of it is in use that is not in sight otherwise."""
        one = self.address
        fields = (one.category, one.person, one.script, one.model, one.runtime, one.tag)
        return any((*fields, one.since, one.until, one.pin))


@dataclass(frozen=True)
class HomePage(Page):
    """Upload, gallery and history."""

    template: ClassVar[str] = "home.html"
    form: RunForm
    runtimes: tuple[str, ...]
    upload_bytes: int
    script_bytes: int
    examples: tuple[ExampleView, ...]
    filters: FilterForm
    history: HistoryPage
    usage: UsageCard | None = None  # what is nearly used up
    deleted: Deleted | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class TrendsPage(Page):
    """How runs came out over time, with the filters of an address."""

    template: ClassVar[str] = "trends.html"
    address: HistoryAddress
    plots: tuple[Plot, ...]
    runs: int


@dataclass(frozen=True)
class TrendsPart(TrendsPage):
    """The plots alone, for the first page."""

    template: ClassVar[str] = "history/_plots.html"


@dataclass(frozen=True)
class TimelinePage(Page):
    """The runs of one script."""

    template: ClassVar[str] = "scripts.html"
    timeline: Timeline
    rows: tuple[HistoryRow, ...]  # of its entries
    plots: tuple[Plot, ...]
    older: str  # address of the next page; empty where there is none
