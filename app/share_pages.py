"""What the pages of sharing are given: the form, the lists, and what a stranger sees."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.models import ShareKind
from app.pages import ErrorPage, Problem
from app.reports.html import SHEETS
from app.reports.sheet import ReportSheet
from app.services.shares import DAYS, MAX_DAYS, ShareList, ShareView
from app.templating import Page

SHARED = "/s/"  # what every link's path begins with

# Formats of a report: what ends its address, and what a person calls it.
FORMATS = {
    "html": "HTML, one file that opens offline",
    "md": "Markdown for an issue",
    "json": "JSON",
    "py": "Repro script",
}


@dataclass(frozen=True)
class SharedPage(Page):
    """A report as whoever has the link sees it: no way leads on into the application."""

    template: ClassVar[str] = "shared.html"
    sheets: ClassVar[tuple[str, ...]] = SHEETS
    address: str
    sheet: ReportSheet

    @property
    def formats(self) -> dict[str, str]:
        """The files that are offered beside it."""
        repro = self.sheet.report.reproducible is not None
        return {form: words for form, words in FORMATS.items() if repro or form != "py"}


@dataclass(frozen=True)
class GonePage(ErrorPage):
    """What a link that does not open shows, whatever the cause."""

    template: ClassVar[str] = "shared_gone.html"
    sheets: ClassVar[tuple[str, ...]] = SHEETS


@dataclass(frozen=True)
class NewLink:
    """A link that was just made. `private`: nobody else can open it, for it names this machine."""

    url: str
    expires_at: datetime | None
    private: bool


@dataclass(frozen=True)
class ShareForm:
    """What the form holds; `days` as it was written."""

    kind: ShareKind
    what: str
    source: bool = False
    days: str = str(DAYS)


@dataclass(frozen=True)
class SharePage(Page):
    """The form that makes a link, the files to take instead, and the links that are there."""

    template: ClassVar[str] = "share.html"
    form: ShareForm
    subject: str
    title: str
    address: str  # of the page of what is shared
    repro: bool
    forever: bool  # whether a link may be made that never expires
    shares: tuple[ShareView, ...]
    made: NewLink | None = None
    problem: Problem | None = None

    max_days: ClassVar[int] = MAX_DAYS

    @property
    def formats(self) -> dict[str, str]:
        """The files that can be taken without a link."""
        return {form: words for form, words in FORMATS.items() if self.repro or form != "py"}

    def file(self, form: str, *, source: bool) -> str:
        """The address of one of them."""
        query = "?source=1" if source else ""
        return f"/reports/{self.form.kind}/{self.form.what}.{form}{query}"


@dataclass(frozen=True)
class SharesPage(Page):
    """All links."""

    template: ClassVar[str] = "shares.html"
    found: ShareList
