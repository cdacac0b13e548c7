"""A graph's code as rows: whole, in windows, or as a diff with what is the same folded. Pure.

The rows come from the structural diff's alignment: a node that only has another name is the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.graphs.comparison import Comparison, Entry
from app.graphs.diff.result import Edit, Field, Kind
from app.graphs.document import SourceFrame
from app.graphs.listing import TARGET, VALUE, source_text
from app.graphs.table import module_text

WINDOW = 500  # nodes on one page, about 1,000 lines
CONTEXT = 3  # of the same around what differs
UNFOLDED = 200  # at once, where a fold is opened
LIFTED = 8  # placeholders of parameters and buffers in a row from which on they are folded

_LIFTED = ("parameter", "buffer", "constant")
_OF_VALUES = (Field.SHAPE, Field.DTYPE, Field.DEVICE, Field.VALUE)


@dataclass(frozen=True)
class Fold:
    """Nodes that are not shown: entries `first` to before `end`."""

    first: int
    end: int
    what: str = "nodes that are the same"

    @property
    def count(self) -> int:
        """How many."""
        return self.end - self.first


@dataclass(frozen=True)
class SourceRow:
    """The line of Python that the nodes below it come from."""

    frame: SourceFrame
    text: str
    module: str  # what names it in an address


@dataclass(frozen=True)
class BodyRow:
    """The begin of a subgraph."""

    name: str


@dataclass(frozen=True)
class NodeRow:
    """A node. `base` and `head` say which of its two lines are shown."""

    entry: Entry
    edited: frozenset[str]  # pieces of the line that differ, by their `where`

    @property
    def two(self) -> bool:
        """Whether it has a line of before and one of after."""
        return self.entry.kind is Kind.CHANGED


CodeRow = Fold | SourceRow | BodyRow | NodeRow


@dataclass(frozen=True)
class Window:
    """Rows of a page, and where the pages before and after it begin."""

    rows: tuple[CodeRow, ...]
    total: int  # of what is paged
    first: int
    end: int

    @property
    def before(self) -> int | None:
        """Where the page before begins."""
        return max(0, self.first - WINDOW) if self.first else None

    @property
    def after(self) -> int | None:
        """Where the page after begins."""
        return self.end if self.end < self.total else None


def window(
    comparison: Comparison,
    entries: Sequence[Entry],
    *,
    first: int = 0,
    seen: Entry | None = None,
    fold: bool = False,
) -> Window:
    """The page of these entries that begins at `first`, or the one that has `seen` on it."""
    items = list(_folded(entries, seen) if fold else _without_lifted(comparison, entries, seen))
    if seen is not None and not first:
        at = next((place for place, item in enumerate(items) if item is seen), 0)
        first = at // WINDOW * WINDOW
    first = min(first, max(0, len(items) - 1))
    page = items[first : first + WINDOW]
    return Window(tuple(_rows(comparison, page)), len(items), first, first + len(page))


def unfold(comparison: Comparison, fold: Fold) -> tuple[CodeRow, ...]:
    """The rows of a fold, up to a number of them and a fold of the rest."""
    end = min(fold.end, len(comparison.entries))
    shown = min(end, fold.first + UNFOLDED)
    items: list[Entry | Fold] = [*comparison.entries[fold.first : shown]]
    if shown < end:
        items.append(Fold(shown, end, "more"))
    return tuple(_rows(comparison, items))


def edited_pieces(edits: Iterable[Edit]) -> frozenset[str]:
    """Which pieces of a node's line the edits are about."""
    found = set()
    for edit in edits:
        if edit.field is Field.TARGET:
            found.add(TARGET)
        elif edit.field in _OF_VALUES:
            found.add(VALUE)
        elif edit.field is Field.ARGUMENT:
            found.add(edit.where)
    return frozenset(found)


def is_edited(where: str, edited: frozenset[str]) -> bool:
    """Whether an edit is about this piece or something in it."""
    return where in edited or (
        where.startswith("[") and any(one.startswith(f"{where}[") for one in edited)
    )


def _folded(entries: Sequence[Entry], seen: Entry | None) -> Iterator[Entry | Fold]:
    """What differs and what is around it; the rest in folds."""
    shown = bytearray(len(entries))
    for place, entry in enumerate(entries):
        if entry.differs or entry is seen:
            first = max(0, place - CONTEXT)
            end = min(len(entries), place + CONTEXT + 1)
            shown[first:end] = b"\1" * (end - first)
    place = 0
    while place < len(entries):
        if shown[place]:
            yield entries[place]
            place += 1
            continue
        end = shown.find(1, place)
        end = len(entries) if end < 0 else end
        for run in _runs(entries, place, end):
            yield run if run.count > 1 else entries[place]
            place += run.count


def _without_lifted(
    comparison: Comparison, entries: Sequence[Entry], seen: Entry | None
) -> Iterator[Entry | Fold]:
    """All of them, but the placeholders of parameters and buffers in folds."""
    kinds = comparison.head.inputs

    def is_lifted(entry: Entry) -> bool:
        given = kinds.get(entry.node.name) if not entry.body else None
        return entry.node.op == "placeholder" and given is not None and given.kind in _LIFTED

    for lifted, run in groupby(entries, key=is_lifted):
        together = list(run)
        if lifted and len(together) >= LIFTED and not any(entry is seen for entry in together):
            for fold in _runs(together, 0, len(together)):
                yield Fold(fold.first, fold.end, "parameters, buffers and constants")
        else:
            yield from together


def _runs(entries: Sequence[Entry], first: int, end: int) -> Iterator[Fold]:
    """Entries that may be folded as one: their numbers follow each other."""
    begin = first
    for place in range(first, end):
        last = place + 1 == end or entries[place + 1].number != entries[place].number + 1
        if last:
            yield Fold(entries[begin].number, entries[place].number + 1)
            begin = place + 1


def _rows(comparison: Comparison, items: Sequence[Entry | Fold]) -> Iterator[CodeRow]:
    last: tuple[str, int, str, str] | None = None
    body: int | None = None
    for item in items:
        if isinstance(item, Fold):
            yield item
            last = None
            body = comparison.entries[item.end - 1].body
            continue
        if item.body != body and (item.body or body):
            base, head = comparison.bodies[item.body]
            yield BodyRow(head or base or "")
        body = item.body
        frame = item.node.frame
        if frame is not None:
            module = module_text(item)
            place = (frame.file, frame.line, frame.text, module)
            if place != last:
                yield SourceRow(frame, source_text(frame), module)
            last = place
        yield NodeRow(item, edited_pieces(item.edits))
