"""The lines of a graph's code as its page draws them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from app.graph_address import Links
from app.graphs.code_view import BodyRow, CodeRow, Fold, NodeRow, SourceRow
from app.graphs.comparison import Comparison, Entry
from app.graphs.diff.result import Kind
from app.graphs.markup import node_html


@dataclass(frozen=True)
class Half:
    """A node's line in one of the graphs; `number` is its place in its body, from 1."""

    number: int
    html: Markup


@dataclass(frozen=True)
class CodeLine:
    """One line on the page. A node's has a base half, a head half, or both."""

    tone: str = ""  # what became of the node
    sign: str = ""
    anchor: str = ""
    base: Half | None = None
    head: Half | None = None
    source: SourceRow | None = None
    fold: Fold | None = None
    body: str | None = None
    lit: bool = False

    @property
    def half(self) -> Half | None:
        """The one that a unified view shows."""
        return self.head or self.base


class CodeLines:
    """Makes lines of rows; what is asked for is lit."""

    def __init__(self, comparison: Comparison, links: Links, seen: Entry | None) -> None:
        self.comparison = comparison
        self.links = links
        self.seen = seen
        self.side = links.address.side and comparison.diff is not None

    def of(self, rows: Iterable[CodeRow]) -> tuple[CodeLine, ...]:
        """The lines of these rows."""
        rows = tuple(rows)
        here = {row.entry.number for row in rows if isinstance(row, NodeRow)}
        return tuple(line for row in rows for line in self._lines(row, here))

    def _lines(self, row: CodeRow, here: set[int]) -> Iterator[CodeLine]:
        if isinstance(row, Fold):
            yield CodeLine(fold=row)
        elif isinstance(row, SourceRow):
            asked = self.links.address.line
            yield CodeLine(source=row, lit=asked == f"{row.frame.file}:{row.frame.line}")
        elif isinstance(row, BodyRow):
            yield CodeLine(body=row.name)
        else:
            yield from self._node_lines(row, here)

    def _node_lines(self, row: NodeRow, here: set[int]) -> Iterator[CodeLine]:
        entry = row.entry
        kind = entry.kind or Kind.SAME
        tone = "" if kind is Kind.SAME else kind.value
        anchor, lit = f"n{entry.number}", entry is self.seen
        head = None if entry.removed else self._half(row, here, base=False)
        base = None
        if entry.removed or entry.before is not None:
            # Where both lines read the same, the unified view shows one.
            twice = self.side or (kind is Kind.CHANGED and row.edited)
            base = self._half(row, here, base=True) if entry.removed or twice else None
        if self.side or base is None or head is None:
            yield CodeLine(tone, _SIGNS[kind], anchor, base, head, lit=lit)
        else:
            yield CodeLine("removed", _SIGNS[Kind.REMOVED], anchor, base, None, lit=lit)
            yield CodeLine("added", _SIGNS[Kind.ADDED], "", None, head, lit=lit)

    def _half(self, row: NodeRow, here: set[int], *, base: bool) -> Half:
        entry = row.entry
        before = base and not entry.removed
        node = entry.before if before else entry.node
        index = entry.before_index if before else entry.index
        assert node is not None
        assert index is not None
        own = self.links.node(self.comparison.address_of(entry), base=entry.removed)
        html = node_html(node, self._link(entry.body, here, base=base), edited=row.edited, own=own)
        return Half(index + 1, html)

    def _link(self, body: int, here: set[int], *, base: bool) -> Callable[[str], str | None]:
        """From a name to its line, if that is on the page, or to the page that has it."""

        def link(name: str) -> str | None:
            found = self.comparison.named(name, body, base=base)
            if found is None:
                return None
            if found.number in here:
                return f"#n{found.number}"
            return self.links.node(self.comparison.address_of(found), base=found.removed)

        return link


_SIGNS = {
    Kind.SAME: "",
    Kind.CHANGED: "~",
    Kind.ADDED: "+",
    Kind.REMOVED: "\N{MINUS SIGN}",
    Kind.MOVED: "\N{RIGHTWARDS ARROW}",
}
