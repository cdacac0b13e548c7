"""What the templates of a graph's page are given: frozen, typed, complete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from app.graph_address import Links
from app.graph_code import CodeLine
from app.graph_pairs import Pairs
from app.graphs.code_view import SourceRow, Window
from app.graphs.comparison import Comparison, Entry
from app.graphs.diff.result import Counts
from app.graphs.listing import argument_text, flat
from app.graphs.outline import BranchKind, Outline, Row
from app.graphs.panel import NodePanel
from app.graphs.render import Code
from app.graphs.table import ROWS, dtype_text, line_text, module_text, shape_text
from app.services.graph_context import Ending
from app.services.graphs import GraphFacts, StageLink
from app.services.views import GuardView
from app.templating import Page

SHAPES = 3  # of a node that gives several, in a row
SHOWN_SUMS = 60  # modules and operators that the summary lists

VIEWS = (("outline", "Outline"), ("code", "Code"), ("table", "Table"), ("graph", "Graph"))


@dataclass(frozen=True)
class Cells:
    """What the columns of a table say of a node."""

    op: str
    dtype: str
    shape: str
    module: str
    line: str
    source: str

    @classmethod
    def of(cls, entry: Entry) -> "Cells":
        """In short what a node is."""
        node = entry.node
        return cls(
            op=node.target if node.op.startswith("call_") else node.op,
            dtype=dtype_text(node),
            shape=shape_text(node, SHAPES),
            module=module_text(entry),
            line=line_text(node),
            source=flat(node.frame.text.strip()) if node.frame else "",
        )


@dataclass(frozen=True)
class GraphPart(Page):
    """What every part of the page knows."""

    graph_id: int
    links: Links
    comparison: Comparison

    def link(self, entry: Entry) -> str:
        """The page with a node opened."""
        return self.links.node(self.comparison.address_of(entry), base=entry.removed)

    @staticmethod
    def cells(entry: Entry) -> Cells:
        """What is said of a node in one row."""
        return Cells.of(entry)

    @staticmethod
    def beside(value: Any) -> str:
        """An input, output or symbol of a diff, in words."""
        return beside_text(value)

    @property
    def base_id(self) -> int | None:
        """The graph that it is compared with."""
        return self.links.address.base


@dataclass(frozen=True)
class BranchesPart(GraphPart):
    """What is in one branch of the outline."""

    template: ClassVar[str] = "graph/_branches.html"
    outline: Outline
    row: Row
    chosen: int = -1

    def module_of(self, row: Row) -> str:
        """The address of the outline at the module of a row."""
        return self.links.to(view="outline", module=row.branch.key, node="", of="", first=0)

    def open(self, row: Row) -> str:
        """The address at which a row is open, for browsers without scripts."""
        branch = row.branch
        if branch.kind is BranchKind.MODULE:
            return self.module_of(row)
        inner = branch.entry or self.outline.branches[branch.children[0]].entry
        return self.module_of(row) if inner is None else self.link(inner)


@dataclass(frozen=True)
class LinesPart(GraphPart):
    """Lines of code: a window of them, or what was folded."""

    template: ClassVar[str] = "graph/_lines.html"
    lines: tuple[CodeLine, ...]
    window: Window | None = None

    @staticmethod
    def place(row: SourceRow) -> str:
        """Its line of Python, as an address names it."""
        return f"{row.frame.file}:{row.frame.line}"

    @property
    def side(self) -> bool:
        """Whether both graphs stand beside each other."""
        return self.links.address.side and self.comparison.diff is not None


@dataclass(frozen=True)
class RowsPart(GraphPart):
    """A page of the table's rows, of those that match."""

    template: ClassVar[str] = "graph/_rows.html"
    entries: Sequence[Entry]
    total: int
    first: int
    chosen: int = -1
    size: ClassVar[int] = ROWS

    @property
    def before(self) -> int | None:
        """Where the page before begins."""
        return max(0, self.first - ROWS) if self.first else None

    @property
    def after(self) -> int | None:
        """Where the page after begins."""
        end = self.first + len(self.entries)
        return end if end < self.total else None


@dataclass(frozen=True)
class PanelPart(GraphPart):
    """The panel of a node; `missing` is the name of one that the graph has not."""

    template: ClassVar[str] = "graph/_node.html"
    panel: NodePanel | None = None
    guards: tuple[GuardView, ...] = ()
    source: Code | None = None
    missing: str = ""


@dataclass(frozen=True)
class GraphPage(GraphPart):
    """A graph, as one of its views."""

    template: ClassVar[str] = "graph.html"
    facts: GraphFacts
    stages: tuple[StageLink, ...]
    base_stages: tuple[StageLink, ...]
    unsandboxed: bool  # a run that left this graph had no sandbox
    pairs: Pairs
    ending: Ending | None  # where export stopped
    node: PanelPart
    branches: BranchesPart | None = None
    code: LinesPart | None = None
    rows: RowsPart | None = None
    views: ClassVar[tuple[tuple[str, str], ...]] = VIEWS

    @property
    def partial(self) -> bool:
        """Whether it ends where export failed, in every stage that has it."""
        return bool(self.stages) and all(stage.partial for stage in self.stages)

    @property
    def bypassed(self) -> bool:
        """Whether what stops the model is replaced in it."""
        return bool(self.stages) and all(stage.bypassed for stage in self.stages)

    @property
    def sums(self) -> tuple[tuple[str, tuple[tuple[str, Counts], ...]], ...]:
        """What changed by module and by operator, the most first."""
        diff = self.comparison.diff
        if diff is None:
            return ()
        return ("modules", _most(diff.modules)), ("operators", _most(diff.operators))


def beside_text(value: Any) -> str:
    """An input, output or symbol of a diff, in words."""
    if value is None:
        return "none"
    if not isinstance(value, Mapping):
        return flat(value if isinstance(value, str) else argument_text(value))
    given = (f"{key} {beside_text(one)}" for key, one in value.items() if one not in ("", None))
    return ", ".join(given)


def _most(counts: Mapping[str, Counts]) -> tuple[tuple[str, Counts], ...]:
    """Those with a change, by how many."""
    changed = [(name, one) for name, one in counts.items() if not one.is_empty]
    changed.sort(key=lambda pair: -_size(pair[1]))
    return tuple(changed[:SHOWN_SUMS])


def _size(one: Counts) -> int:
    return one.changed + one.added + one.removed + one.moved
