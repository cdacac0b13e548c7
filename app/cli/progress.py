"""A run while it goes on: a line for each stage that ended, and a status line on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.text import Text

from app.cli.console import STYLES, styled
from app.models import RemedyStatus, ReplayStatus, RunStatus, StageStatus
from app.services.present import run_facts
from app.services.summary import Tone, follow_words, summarise
from app.services.views import RunView, StageView

NAME_COLUMNS = 40

_WORDS = {
    StageStatus.PASSED: ("passed", Tone.GOOD),
    StageStatus.FAILED: ("failed", Tone.BAD),
    StageStatus.SKIPPED: ("skipped", Tone.OFF),
}

_TRIED = {
    RemedyStatus.WORKS: ("works", Tone.GOOD),
    RemedyStatus.FAILS: ("fails", Tone.BAD),
}


class Progress:
    """Told of the run again and again, it says what is new. A pipe gets whole lines alone."""

    def __init__(self, console: Console, status: Status | None, waiting: str) -> None:
        self._console = console
        self._status = status
        self._waiting = waiting  # said while the run is queued; empty: what its summary says
        self._told: set[int] = set()  # stages
        self._tried: set[int] = set()  # remedies
        self._loaded = False

    def show(self, run: RunView) -> None:
        """Say what changed."""
        if run.loaded is not None and not self._loaded:
            self._loaded = True
            name, count = run.loaded.model_class, run.loaded.parameters
            self._console.print(styled(f"loaded   {name}, {count:,} parameters"))
        for stage in run.stages:
            if stage.n not in self._told and stage.status in _WORDS:
                self._told.add(stage.n)
                self._console.print(stage_line(stage))
        for remedy in run.every_remedy:
            if remedy.position not in self._tried and remedy.status in _TRIED:
                self._tried.add(remedy.position)
                word, tone = _TRIED[remedy.status]
                self._console.print(styled((f"{word:<8}", STYLES[tone]), f" fix: {remedy.title}"))
        if self._status is not None:
            self._status.update(styled(self._now(run)))

    def _now(self, run: RunView) -> str:
        if run.status is RunStatus.QUEUED and self._waiting:
            return self._waiting
        return follow_words(run.following) or summarise(run_facts(run)).text


@contextmanager
def progress(console: Console, *, waiting: str = "") -> Iterator[Progress]:
    """Progress on a console; the status line is there only where it can be rewritten."""
    # Not console.is_terminal, which FORCE_COLOR sets for a pipe as well.
    if not console.file.isatty() or console.is_dumb_terminal:
        yield Progress(console, None, waiting)
        return
    with console.status(Text(waiting or "…")) as status:
        yield Progress(console, status, waiting)


def stage_line(stage: StageView) -> Text:
    """One stage that ended: how, its name, and what there is to know of it."""
    word, tone = _WORDS[stage.status]
    if stage.status is StageStatus.PASSED and stage.replay is ReplayStatus.DIFFERENT:
        word, tone = "differs", Tone.DOUBT
    name = (
        f"{stage.name} ({stage.kind.value})" if stage.kind.value not in stage.name else stage.name
    )
    return styled((f"{word:<8}", STYLES[tone]), f" {name:<{NAME_COLUMNS}} {_facts(stage)}".rstrip())


def _facts(stage: StageView) -> str:
    if stage.status is StageStatus.SKIPPED:
        return stage.reason
    if stage.status is StageStatus.FAILED:
        failure = stage.failure
        if failure is None:
            return stage.reason
        place = f" at {failure.file}:{failure.line}" if failure.file else ""
        return f"{failure.category.value}{place}"
    parts = [f"{stage.seconds:.2f} s" if stage.seconds is not None else ""]
    if stage.nodes is not None:
        parts.append(f"{stage.nodes:,} node{'' if stage.nodes == 1 else 's'}")
    if stage.replay is ReplayStatus.EQUAL:
        parts.append("replays equal")
    elif stage.replay is ReplayStatus.NOT_RUN:
        parts.append("not replayed")
    elif stage.replay is ReplayStatus.DIFFERENT:
        parts.append(stage.replay_why or f"by up to {stage.max_abs}")
    return ", ".join(filter(None, parts))
