"""Failures over all runs, as the API answers with them and pages show them."""

from datetime import datetime

from app.models import Category, GroupState, RemedyKind, Search, Verdict
from app.services.changes import ChangesView
from app.services.failure_views import FailureTrace
from app.services.view import View


class SeenView(View):
    """A run that has the failure, and when it began."""

    run: int
    at: datetime


class FailureGroupView(View):
    """One cause. `back` is the run that it is back in after it was fixed, null where it is not.

    `state_by` is empty where nobody set the state; `fixed_run` is the run that it is gone in.
    """

    fingerprint: str
    url: str
    category: Category
    exception: str
    expression: str | None
    module_class: str
    text: str
    message: str
    runs: int
    scripts: int
    first: SeenView
    last: SeenView
    state: GroupState
    state_by: str
    state_at: datetime | None
    note: str
    fixed_run: int | None
    back: int | None


class StateCounts(View):
    """How many there are in each state; those that are back are open, too."""

    open: int = 0
    fixed: int = 0
    ignored: int = 0
    back: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.open + self.fixed + self.ignored


class FailureGroupList(View):
    """A page of failures, newest seen first. `next` is the cursor of the page after it.

    `counts` are those of all failures, whatever the filter.
    """

    failures: list[FailureGroupView]
    next: str | None
    counts: StateCounts


class PartView(View):
    """A part that is hashed: as it counts, and as the first run told it."""

    name: str
    counted: str
    told: str


class ReasonView(View):
    """Why two failures are one: what is hashed of both, by which version of the fingerprint.

    `complete` is false for a failure that was first seen before all parts were kept.
    """

    version: str
    parts: list[PartView]
    complete: bool


class SightingView(View):
    """One run that has the failure, with the page that shows it there."""

    run: int
    title: str
    at: datetime
    filename: str
    runtime: str
    blocker: int | None
    stage: int | None
    url: str


class SightingList(View):
    """A page of the runs that have a failure, newest first."""

    occurrences: list[SightingView]
    next: str | None


class ExampleOfFailure(View):
    """The failure as one run told it."""

    sighting: SightingView
    failure: FailureTrace


class DifferenceView(View):
    """What differs between two runs that have the failure, and does not count."""

    name: str
    one: str
    other: str


class LookAlikes(View):
    """Two runs that have the failure, side by side."""

    one: ExampleOfFailure
    other: ExampleOfFailure
    differences: list[DifferenceView]


class FixView(View):
    """The first later run of a script in which the failure is known to be gone."""

    run: int
    base: int  # the last one that has it
    url: str  # of the comparison of both


class PlaceView(View):
    """A failure in one script and runtime. `unknown` says why it may or may not be gone from a
    later run; empty where none came, or one tells.
    """

    filename: str
    runtime: str
    runs: int
    first_run: int
    last_run: int
    fix: FixView | None
    unknown: str


class HelpfulRemedy(View):
    """A remedy that worked against the failure, in so many of the runs that were looked at."""

    name: str
    title: str
    kind: RemedyKind
    replayed: bool  # the exported program is equal to eager with it, in one of them
    runs: int
    run: int  # the newest of them, and the place of the remedy in it
    position: int
    url: str


class LaterRun(View):
    """A run of the same script in the same runtime, after the last one that has the failure."""

    run: int
    verdict: Verdict | None
    search: Search | None
    stage_passed: bool | None = None  # the one that failed of it; None: it was not tried again


class FailureGroupDetail(FailureGroupView):
    """A failure with all that is known of it. `places` are the newest, `more_places` the others."""

    doc: str
    reason: ReasonView
    alike: LookAlikes | None
    example: ExampleOfFailure | None
    places: list[PlaceView]
    more_places: int
    remedies: list[HelpfulRemedy]
    fix: FixView | None  # by which it was fixed, as was said, or as may be said
    changes: ChangesView | None  # what that one changed
