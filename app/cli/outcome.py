"""What came of a run, as lines of text: the verdict, each cause with its line, what mends it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import indent

from rich.text import Text

from app.cli.console import STYLES, styled
from app.models import RemedyStatus, RunStatus
from app.remedy_cards import RemedyCard, detail_cards
from app.reports.places import Locate, as_named
from app.reports.words import told
from app.services.failure_views import FailureView
from app.services.present import run_facts
from app.services.remedies import RemedyDetail
from app.services.remedy_views import RemedyView
from app.services.summary import CAUSES, search_words, summarise
from app.services.views import RunView

MESSAGE_LINES = 20  # of what torch or the script says
DIFF_LINES = 40  # of a fix; --patch writes all


@dataclass(frozen=True)
class Outcome:
    """A run, and the fixes that were tried with their diffs."""

    run: RunView
    remedies: Sequence[RemedyDetail] = ()

    @property
    def patch(self) -> str:
        """The diff of the fix of the whole model; empty where there is none that works."""
        return next((one.diff for one in self.remedies if _mends_all(one) and one.diff), "")


def describe(outcome: Outcome, locate: Locate = as_named) -> Iterator[Text]:
    """All that a person needs to know; `locate` says where the upload's files lie here."""
    run = outcome.run
    summary = summarise(run_facts(run))
    yield styled((summary.text, STYLES[summary.tone]))
    if run.sandbox == "off":
        yield styled(("It ran without a sandbox: STAGELIGHT_SANDBOX is off.", "bold red"))
    cards = detail_cards(outcome.remedies, outcome.remedies)
    for blocker in run.blockers:
        yield Text()
        yield from _cause(blocker, locate, f"{blocker.position}. ")
        yield from _best(card for card in cards if card.remedy.blocker == blocker.position)
    if run.blockers:
        ended = run.status is not RunStatus.RUNNING
        yield Text()
        yield styled(search_words(run.search, len(run.blockers), live=not ended))
    elif run.failure is not None:
        yield Text()
        yield from _cause(run.failure, locate)
    for note in run.notes:
        yield styled(("Note: ", "dim"), note.message)
    yield from _together(cards)


def _cause(failure: FailureView, locate: Locate, number: str = "") -> Iterator[Text]:
    """Its line, its code, what torch says and what to do."""
    place = CAUSES[failure.category]
    if failure.file is not None:
        place = f"{locate(failure.file) or failure.file}:{failure.line}"
    module = f" in {failure.module}" if failure.module else ""
    yield styled(number, (place, "bold"), f"  {failure.category.value}{module}")
    if failure.upload_file is not None and failure.upload_line is not None:
        file = locate(failure.upload_file) or failure.upload_file
        yield styled(f"   reached from {file}:{failure.upload_line}")
    if failure.text:
        yield styled((indent(failure.text.strip(), "       "), "cyan"))
    for line in told(failure).splitlines()[:MESSAGE_LINES]:
        yield styled(f"   {line}")
    if failure.value:
        yield styled(f"   In the eager run it was {failure.value}.")
    if failure.hint:
        yield styled(("   Hint: ", "dim"), failure.hint.strip().replace("\n", "\n   "))


def _best(cards: Iterator[RemedyCard]) -> Iterator[Text]:
    """The first fix that works."""
    for card in cards:
        if card.remedy.status is RemedyStatus.WORKS:
            tone, words = card.badge
            yield styled(("   Fix: ", "dim"), card.remedy.title, (f" ({words})", STYLES[tone]))
            return


def _together(cards: Sequence[RemedyCard]) -> Iterator[Text]:
    """The fix of the whole model, with its diff."""
    for card in cards:
        remedy = card.remedy
        if not _mends_all(remedy):
            continue
        tone, words = card.badge
        yield Text()
        title = f"A fix of the whole model, {words}: {remedy.title}."
        yield styled((title, STYLES[tone]), f" {card.proof}")
        if isinstance(remedy, RemedyDetail) and remedy.diff:
            yield from _diff(remedy.diff.splitlines())
        return


def _mends_all(remedy: RemedyView) -> bool:
    return remedy.blocker is None and remedy.status is RemedyStatus.WORKS


def _diff(lines: Sequence[str]) -> Iterator[Text]:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines[:DIFF_LINES]:
        yield styled((line, styles.get(line[:1], "")))
    if len(lines) > DIFF_LINES:
        yield styled(f"… and {len(lines) - DIFF_LINES} more lines; --patch writes all of them")
