"""Failures and blockers, as the API answers with them and pages show them."""

from typing import Literal

from app.models import Category, Search
from app.services.remedy_views import RemedyView
from app.services.repro_views import ReproStatus, ReproView
from app.services.view import View


class FrameView(View):
    """A frame of a traceback."""

    file: str
    line: int
    function: str = ""
    text: str = ""
    where: Literal["upload", "library", "torch", "python", "probe"]


class SourceView(View):
    """Lines of one file around a culprit."""

    file: str
    first: int
    lines: list[str]


class BirthView(View):
    """Where an unbacked symbol of an expression came from."""

    symbol: str
    operation: str
    frame: FrameView | None = None


class FailureView(View):
    """What failed and at which line. `upload_file` is the upload's own line, where another.

    `value` is what the expression was in the eager run; empty where that is not known.
    """

    category: Category
    exception: str
    message: str
    hint: str
    file: str | None
    line: int | None
    function: str
    text: str
    module: str | None
    expression: str | None
    births: list[BirthView]
    value: str
    upload_file: str | None
    upload_line: int | None


class FailureTrace(FailureView):
    """A failure with all that is known of it; frames are outermost first."""

    frames: list[FrameView]
    source: SourceView | None
    stack: str


class FailureDetail(FailureTrace):
    """A stage's or a run's. `stage` is the number of the stage; null where the run failed."""

    stage: int | None = None


class OccurrenceView(View):
    """One place from which a blocker's line was reached: the upload's innermost line."""

    module: str | None = None
    file: str = ""
    line: int = 0
    calls: int = 1


class BlockerView(FailureView):
    """One distinct cause that stops the whole model, `position` in execution order, from 1.

    `behind` says that it was met only after another was bypassed with recorded values; `bypass`
    how export went on past it, empty where it did not; `jumped` whose call was replaced for it;
    `repro_status` whether there is a small script that fails alike, null where none was sought yet.
    """

    position: int
    occurrences: list[OccurrenceView] = []
    behind: bool = False
    bypass: str = ""
    jumped: str | None = None
    fingerprint: str | None = None
    remedies: list[RemedyView] = []
    repro_status: ReproStatus | None = None


class BlockerDetail(BlockerView, FailureTrace):
    """A blocker with all that is known of it."""

    repro: ReproView | None = None


class SearchView(View):
    """How the search for blockers ended, and why there."""

    complete: Search
    reason: str = ""
