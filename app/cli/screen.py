"""What is said to a person: progress on stderr, the outcome on stdout."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.text import Text

from app.cli.console import STYLES, make_console, styled
from app.cli.exits import Exit
from app.cli.outcome import Outcome, describe
from app.cli.progress import Progress, progress, stage_line
from app.cli.regression import Regression
from app.cli.reports import json_text
from app.models import RunStatus
from app.reports.places import Locate, as_named
from app.services.summary import headline, tone_of
from app.services.view import View
from app.services.views import RunList

WORD_COLUMNS = 17  # of "exported, differs", the longest


class Screen:
    """`to_stderr`: stdout is for a report, so that all else goes to stderr."""

    def __init__(self, *, quiet: bool = False, to_stderr: bool = False) -> None:
        self._errors = make_console(sys.stderr, quiet=quiet)
        self._console = self._errors if to_stderr else make_console(sys.stdout, quiet=quiet)

    @contextmanager
    def progress(self, waiting: str = "") -> Iterator[Progress]:
        """Tell what a run does while the block runs."""
        with progress(self._errors, waiting=waiting) as told:
            yield told

    def say(self, text: str) -> None:
        """A line of plain text."""
        self._console.print(styled(text))

    def note(self, text: str) -> None:
        """The same beside the outcome, on stderr."""
        self._errors.print(styled(text))

    def json(self, view: View) -> None:
        """An answer for programs."""
        sys.stdout.write(json_text(view))

    def outcome(self, outcome: Outcome, locate: Locate = as_named) -> None:
        """Tell what came of a run."""
        self.lines(describe(outcome, locate))

    def lines(self, lines: Iterable[Text]) -> None:
        """Lines that were made elsewhere."""
        for line in lines:
            self._console.print(line)

    def whole(self, outcome: Outcome) -> None:
        """Tell all of a run that somebody else made."""
        run = outcome.run
        where = f"{run.script.filename} in {run.runtime}"
        self._console.print(styled((run.title, "bold"), f"  run {run.id}, {where}"))
        for stage in run.stages:
            self._console.print(stage_line(stage))
        self._console.print()
        self.outcome(outcome)

    def table(self, runs: RunList) -> None:
        """Tell of a page of the history, a line a run."""
        for run in runs.runs:
            tone = tone_of(run.status, run.verdict, run.replay)
            ended = run.status is RunStatus.FINISHED
            words = headline(run.verdict, run.replay) if ended else run.status.value
            self._console.print(
                styled(
                    f"{run.id:>7}  {run.created_at:%Y-%m-%d %H:%M}  ",
                    (f"{words:<{WORD_COLUMNS}}", STYLES[tone]),
                    f"  {run.runtime}  {run.title}",
                )
            )
        if runs.next is not None:
            self.note(f"There are more: add --filter cursor={runs.next}")

    def judge(self, found: Regression) -> Exit:
        """Tell what got worse; the exit status by it."""
        self._console.print()
        for sentence in found.worse:
            self._console.print(styled(("Regression: ", "bold red"), sentence))
        if found.unjudged:
            self._console.print(styled((found.unjudged, "bold yellow")))
        elif not found.worse:
            self._console.print(styled(("No regression.", "bold green")))
        if found.unsure:
            count = f"{found.unsure} cause{'s' if found.unsure > 1 else ''}"
            self.say(f"Not known to be new: {count}, for the base did not come so far.")
        if found.worse:
            return Exit.STOPPED
        return Exit.NO_VERDICT if found.unjudged else Exit.EXPORTED
