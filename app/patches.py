"""Unified diffs: made of two sets of files, and read back as highlighted lines. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup, escape

from app.graphs.diff.sequences import common_subsequence
from app.graphs.render import highlight
from app.text import visible

AROUND = 3  # lines of context above and below a change
SHOWN_LINES = 600  # of a diff on one page; the whole is a link away
LINE_CHARACTERS = 1_000  # of one of its lines
NOWHERE = "/dev/null"  # how a diff names a file that is not there

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_END = "\\ No newline at end of file"


class Mark(StrEnum):
    """What a line of a diff is."""

    FILE = "file"  # the name of a file
    HUNK = "hunk"  # where the lines after it stand
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    NOTE = "note"  # about the line before: it has no end


@dataclass(frozen=True)
class DiffLine:
    """A line as HTML, with its numbers before and after; None: there is none on that side."""

    mark: Mark
    html: Markup
    old: int | None = None
    new: int | None = None

    @property
    def sign(self) -> str:
        """What stands before it in the text of a patch."""
        return {Mark.ADDED: "+", Mark.REMOVED: "-", Mark.SAME: " "}.get(self.mark, "")


@dataclass(frozen=True)
class Diff:
    """A unified diff to be shown. `cut` says that more lines follow which are not here."""

    lines: tuple[DiffLine, ...]
    added: int  # lines, of all of it
    removed: int
    cut: bool = False


@dataclass
class _Hunk:
    """Lines of one hunk as they are read: mark and text, and where they begin."""

    head: str
    old: int
    new: int
    body: list[tuple[Mark, str]]


def read_diff(patch: str) -> Diff | None:
    """The lines of a unified diff, highlighted as Python; None where there is no change in it."""
    lines: list[DiffLine] = []
    added = removed = 0
    for part in _parts(patch):
        if isinstance(part, str):
            lines.append(DiffLine(Mark.FILE, escape(visible(_short(part)))))
            continue
        marks = [mark for mark, _ in part.body]
        added += marks.count(Mark.ADDED)
        removed += marks.count(Mark.REMOVED)
        if len(lines) <= SHOWN_LINES:
            lines += _render(part)
    if not added and not removed:
        return None
    return Diff(tuple(lines[:SHOWN_LINES]), added, removed, cut=len(lines) > SHOWN_LINES)


def count_changes(patch: str) -> tuple[int, int]:
    """How many lines a unified diff adds, and how many it removes."""
    hunks = (part for part in _parts(patch) if isinstance(part, _Hunk))
    marks = [mark for hunk in hunks for mark, _ in hunk.body]
    return marks.count(Mark.ADDED), marks.count(Mark.REMOVED)


def write_diff(base: Mapping[str, str], head: Mapping[str, str]) -> str:
    """What turns the files `base` into `head`, path → text, as one unified diff.

    Its time is bounded whatever the texts are: lines are aligned exactly where few of them
    changed, else by those that are unique. Files that are equal leave nothing.
    """
    return "".join(
        part
        for path in sorted(base.keys() | head.keys())
        for part in _file(path, base.get(path), head.get(path))
    )


def _file(path: str, base: str | None, head: str | None) -> Iterator[str]:
    """The diff of one file; None: it is not there."""
    if base == head:
        return
    yield f"--- {NOWHERE if base is None else f'a/{path}'}\n"
    yield f"+++ {NOWHERE if head is None else f'b/{path}'}\n"
    ours, theirs = _lines(base or ""), _lines(head or "")
    for group in _groups(list(_steps(ours, theirs))):
        yield _range(group)
        for mark, i, j in group:
            text = theirs[j] if mark is Mark.ADDED else ours[i]
            sign = {Mark.ADDED: "+", Mark.REMOVED: "-"}.get(mark, " ")
            yield f"{sign}{text}" if text.endswith("\n") else f"{sign}{text}\n{_NO_END}\n"


def _lines(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends one, as for `patch`."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


_Step = tuple[Mark, int, int]  # places in the base and in the head that come next


def _steps(base: Sequence[str], head: Sequence[str]) -> Iterator[_Step]:
    """Every line of both, in order: removals before additions."""
    numbers: dict[str, int] = {}
    ours = [numbers.setdefault(line, len(numbers)) for line in base]
    theirs = [numbers.setdefault(line, len(numbers)) for line in head]
    i = j = 0
    for i_next, j_next in [*common_subsequence(ours, theirs), (len(base), len(head))]:
        yield from ((Mark.REMOVED, place, j) for place in range(i, i_next))
        yield from ((Mark.ADDED, i_next, place) for place in range(j, j_next))
        if i_next < len(base) and j_next < len(head):
            yield Mark.SAME, i_next, j_next
        i, j = i_next + 1, j_next + 1


def _groups(steps: Sequence[_Step]) -> Iterator[Sequence[_Step]]:
    """Changes that are near each other, with the lines around them."""
    begin = end = -1
    for place, (mark, _, _) in enumerate(steps):
        if mark is Mark.SAME:
            continue
        if begin >= 0 and place - end > 2 * AROUND:
            yield steps[begin : end + AROUND]
            begin = -1
        if begin < 0:
            begin = max(0, place - AROUND)
        end = place + 1
    if begin >= 0:
        yield steps[begin : end + AROUND]


def _range(group: Sequence[_Step]) -> str:
    """The line above a hunk. Of an empty side it names the line before."""
    old = sum(mark is not Mark.ADDED for mark, _, _ in group)
    new = sum(mark is not Mark.REMOVED for mark, _, _ in group)
    _, i, j = group[0]
    return f"@@ -{_span(i, old)} +{_span(j, new)} @@\n"


def _span(first: int, length: int) -> str:
    start = first + 1 if length else first
    return str(start) if length == 1 else f"{start},{length}"


def _parts(patch: str) -> Iterator[str | _Hunk]:
    """Names of files and hunks. A hunk's own counts say where it ends, whatever is in it."""
    lines = iter(patch.split("\n"))
    before = ""
    for line in lines:
        if line.startswith("--- "):
            before = line[4:].partition("\t")[0]
        elif line.startswith("+++ "):
            after = line[4:].partition("\t")[0]
            yield after.removeprefix("b/") if after != NOWHERE else before.removeprefix("a/")
        elif match := _HUNK.match(line):
            old, new = (int(match[n]) if match[n] else 1 for n in (2, 4))
            body = list(_body(lines, old, new))
            yield _Hunk(line, int(match[1]), int(match[3]), body)
        elif line == _NO_END:
            yield _Hunk("", 0, 0, [(Mark.NOTE, line[2:])])


def _body(lines: Iterator[str], old: int, new: int) -> Iterator[tuple[Mark, str]]:
    marks = {"+": Mark.ADDED, "-": Mark.REMOVED, " ": Mark.SAME, "": Mark.SAME}
    while old > 0 or new > 0:
        line = next(lines, None)
        if line is None:
            return
        if line == _NO_END:
            yield Mark.NOTE, line[2:]
            continue
        mark = marks.get(line[:1])
        if mark is None:
            return
        old -= mark is not Mark.ADDED
        new -= mark is not Mark.REMOVED
        yield mark, line[1:]


def _render(hunk: _Hunk) -> Iterator[DiffLine]:
    """The lines of a hunk: each side is highlighted as the code that it is."""
    if hunk.head:
        yield DiffLine(Mark.HUNK, escape(visible(hunk.head)))
    shown = [(mark, _short(text)) for mark, text in hunk.body[: SHOWN_LINES + 1]]
    before = iter(_highlighted(shown, Mark.ADDED))
    after = iter(_highlighted(shown, Mark.REMOVED))
    old, new = hunk.old, hunk.new
    for mark, text in shown:
        match mark:
            case Mark.REMOVED:
                yield DiffLine(mark, next(before), old=old)
                old += 1
            case Mark.ADDED:
                yield DiffLine(mark, next(after), new=new)
                new += 1
            case Mark.SAME:
                next(before)
                yield DiffLine(mark, next(after), old=old, new=new)
                old, new = old + 1, new + 1
            case _:
                yield DiffLine(mark, escape(visible(text)))


def _highlighted(body: Sequence[tuple[Mark, str]], other: Mark) -> Sequence[Markup]:
    """The side that lacks lines marked `other`."""
    texts = [text for mark, text in body if mark not in (other, Mark.NOTE)]
    html = highlight("\n".join(texts))
    # What hides at the end of a line may take the line's end with it.
    return html if len(html) == len(texts) else [escape(visible(text)) for text in texts]


def _short(text: str) -> str:
    return text if len(text) <= LINE_CHARACTERS else f"{text[:LINE_CHARACTERS]}…"
