"""Pieces of pages: a failure with its source, a blocker, a stage's guards, the end of a log."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import dedent

from app.graphs.render import Code, render_code
from app.models import GuardKind
from app.paths import PathRun, path_runs
from app.remedy_cards import RemedyCard
from app.services.failure_views import (
    BlockerView,
    FailureTrace,
    FailureView,
    FrameView,
    OccurrenceView,
    SourceView,
)
from app.services.summary import Tone
from app.services.views import GuardView

LOG_LINES = 200  # of the log's end that a page shows
SHOWN_GUARDS = 200  # of a stage
SHOWN_SILENT = 12  # dimensions that were made static without a word
SHOWN_PATHS = 8  # modules, or runs of them, that a blocker's card names
AROUND = 3  # lines above and below a blocker's
MESSAGE_CHARACTERS = 600  # of a blocker's message; all of it is on its own page

# Tones of remedies, the best first.
_BEST = (Tone.GOOD, Tone.DOUBT, Tone.PART, Tone.WORK, Tone.WAIT, Tone.BAD, Tone.OFF)

_FIXED = re.compile(r"(?P<dimension>[^=<>]+) == (?P<size>\d+)")


@dataclass(frozen=True)
class FrameGroup:
    """Frames next to each other that come from the same place."""

    where: str
    frames: tuple[FrameView, ...]


@dataclass(frozen=True)
class Culprit:
    """A failure with its source highlighted and its frames in groups."""

    failure: FailureTrace
    source: Code | None
    groups: tuple[FrameGroup, ...]

    @property
    def message(self) -> tuple[str, str]:
        """The message's first paragraph, and the rest."""
        return split_message(self.failure.message)

    @classmethod
    def of(cls, failure: FailureTrace | None) -> "Culprit | None":
        """What a page shows of a failure; None for none."""
        if failure is None:
            return None
        code = None
        if source := failure.source:
            text = "\n".join(source.lines)
            code = render_code(text, first=source.first, culprit=failure.line)
        return cls(failure, code, group_frames(failure.frames))


@dataclass(frozen=True)
class Reached:
    """From where a blocker's line was reached: modules in short, calls, other lines."""

    modules: int
    paths: tuple[PathRun, ...]
    hidden: int  # runs of paths that are not named
    calls: int
    lines: tuple[str, ...]  # of the upload, where they are not the culprit's own

    @classmethod
    def of(cls, failure: FailureView, occurrences: Sequence[OccurrenceView]) -> "Reached":
        """In words what the occurrences say."""
        paths = list(dict.fromkeys(one.module for one in occurrences if one.module is not None))
        runs = path_runs(paths)
        lines = dict.fromkeys(
            f"{one.file}:{one.line}"
            for one in occurrences
            if one.file and (one.file, one.line) != (failure.file, failure.line)
        )
        return cls(
            modules=len(paths),
            paths=tuple(runs[:SHOWN_PATHS]),
            hidden=max(0, len(runs) - SHOWN_PATHS),
            calls=sum(one.calls for one in occurrences),
            lines=tuple(lines)[:SHOWN_PATHS],
        )


@dataclass(frozen=True)
class BlockerCard:
    """A blocker in the list of a run: without frames and stack."""

    blocker: BlockerView
    source: Code | None
    reached: Reached
    remedies: tuple[RemedyCard, ...] = ()

    @property
    def fix(self) -> tuple[Tone, str] | None:
        """The best that is known of its remedies, in tone and words; None where there is none."""
        badges = [card.badge for card in self.remedies]
        return min(badges, key=lambda badge: _BEST.index(badge[0]), default=None)

    @property
    def message(self) -> str:
        """The beginning of the message."""
        first, _ = split_message(self.blocker.message)
        return first if len(first) <= MESSAGE_CHARACTERS else f"{first[:MESSAGE_CHARACTERS]}…"

    @classmethod
    def of(
        cls,
        blocker: BlockerView,
        source: SourceView | None,
        remedies: tuple[RemedyCard, ...] = (),
    ) -> "BlockerCard":
        """The card of a blocker, with a few lines of the source around it, and its remedies."""
        reached = Reached.of(blocker, blocker.occurrences)
        code = None if source is None else _near(source, blocker.line)
        return cls(blocker, code, reached, remedies)


@dataclass(frozen=True)
class SilentDimension:
    """A dimension that was asked to be dynamic and was made static without a word."""

    name: str
    size: str  # empty where the guard is no plain equality
    places: tuple[str, ...]


@dataclass(frozen=True)
class GuardTable:
    """A stage's guards, those first that fix a dimension."""

    guards: tuple[GuardView, ...]
    total: int
    silent: tuple[SilentDimension, ...]

    @classmethod
    def of(cls, guards: Sequence[GuardView]) -> "GuardTable":
        """Order them; what is equal in rank keeps its place."""
        ordered = sorted(
            guards,
            key=lambda guard: (not guard.silent, guard.kind is not GuardKind.SPECIALISATION),
        )
        return cls(tuple(ordered[:SHOWN_GUARDS]), len(guards), silent_dimensions(guards))


@dataclass(frozen=True)
class LogPart:
    """The end of a log. `hidden` lines come before it, `dropped` bytes were never kept."""

    text: str
    hidden: int
    dropped: int

    @classmethod
    def of(cls, text: str, dropped: int) -> "LogPart":
        """The last lines of `text`."""
        lines = text.split("\n")
        return cls("\n".join(lines[-LOG_LINES:]), max(0, len(lines) - LOG_LINES), dropped)


def split_message(message: str) -> tuple[str, str]:
    """The first paragraph, and the rest."""
    first, _, rest = message.strip().partition("\n\n")
    return first, rest


def group_frames(frames: Sequence[FrameView]) -> tuple[FrameGroup, ...]:
    """Frames of the same place together, outermost first."""
    runs = groupby(frames, key=lambda frame: frame.where)
    return tuple(FrameGroup(where, tuple(group)) for where, group in runs)


def silent_dimensions(guards: Iterable[GuardView]) -> tuple[SilentDimension, ...]:
    """Each dimension once, with all lines that fixed it."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for guard in guards:
        if guard.silent:
            meaning = guard.meaning or guard.expression
            fixed = _FIXED.fullmatch(meaning)
            key = (fixed["dimension"], fixed["size"]) if fixed else (meaning, "")
            found = places.setdefault(key, {})
            if guard.file:
                found[f"{guard.file}:{guard.line}"] = None
    return tuple(
        SilentDimension(name, size, tuple(found)) for (name, size), found in places.items()
    )[:SHOWN_SILENT]


def _near(source: SourceView, line: int | None) -> Code:
    """A few lines around this one, without the indentation that all of them have."""
    at = (line or source.first) - source.first
    begin = max(0, at - AROUND)
    text = "\n".join(source.lines[begin : at + AROUND + 1])
    return render_code(dedent(text), first=source.first + begin, culprit=line)
