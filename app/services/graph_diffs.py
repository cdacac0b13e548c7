"""The diff of two graphs, as the API answers with it."""

from collections.abc import Iterator

from pydantic import JsonValue
from sqlmodel import Session

from app.graphs.comparison import Comparison, Entry
from app.graphs.diff.result import Counts, Field, Kind
from app.services.graph_cache import comparison_of
from app.services.view import View


class PlaceView(View):
    """A node of one of the graphs: its body (empty for the graph itself), place and name."""

    body: str
    index: int
    name: str


class EditView(View):
    """One change of one node. `where` says of which argument or value: `[0]`, `['dim']`."""

    field: Field
    where: str
    before: JsonValue
    after: JsonValue


class NodeDiffView(View):
    """A node of either graph or of both. Null is the graph that does not have it."""

    kind: Kind
    base: PlaceView | None
    head: PlaceView | None
    edits: list[EditView]
    moved: bool
    renamed: bool


class CountsView(View):
    """How many nodes are what, placeholders and outputs among them."""

    same: int
    changed: int
    added: int
    removed: int
    moved: int


class ModuleDiffView(CountsView):
    """The same of a module and all that is in it; the empty path is the whole graph."""

    path: str


class OperatorDiffView(CountsView):
    """The same of the nodes that call an operator."""

    target: str


class BesideView(View):
    """A change of an input, an output or a symbol; null where there was none."""

    what: str
    name: str
    before: JsonValue
    after: JsonValue


class GraphDiffView(View):
    """What is different in the head. `nodes` are in the head's order; those that are the same are
    left out unless asked for. `symbols` says which symbol of the base is which of the head.
    """

    base: int
    head: int
    summary: CountsView
    nodes: list[NodeDiffView]
    modules: list[ModuleDiffView]
    operators: list[OperatorDiffView]
    symbols: dict[str, str]
    beside: list[BesideView]


def diff_view(session: Session, base_id: int, head_id: int, *, same: bool) -> GraphDiffView:
    """The diff of two graphs, or NotFoundError."""
    comparison = comparison_of(session, head_id, base_id)
    diff = comparison.diff
    assert diff is not None
    return GraphDiffView(
        base=base_id,
        head=head_id,
        summary=_counts(diff.summary),
        nodes=list(_nodes(comparison, same=same)),
        modules=[
            ModuleDiffView(path=path, **_counts(counts).model_dump())
            for path, counts in diff.modules.items()
        ],
        operators=[
            OperatorDiffView(target=target, **_counts(counts).model_dump())
            for target, counts in diff.operators.items()
        ],
        symbols=dict(diff.symbols),
        beside=[BesideView.model_validate(edit) for edit in diff.beside],
    )


def _nodes(comparison: Comparison, *, same: bool) -> Iterator[NodeDiffView]:
    assert comparison.diff is not None
    for entry, node in zip(comparison.entries, comparison.diff.nodes, strict=True):
        if same or entry.differs:
            yield NodeDiffView(
                kind=node.kind,
                base=_place(comparison, entry, base=True),
                head=_place(comparison, entry, base=False),
                edits=[EditView.model_validate(edit) for edit in node.edits],
                moved=node.moved,
                renamed=node.renamed,
            )


def _place(comparison: Comparison, entry: Entry, *, base: bool) -> PlaceView | None:
    body = comparison.name_of(entry.body, base=base)
    before = base and not entry.removed
    node, index = (entry.before, entry.before_index) if before else (entry.node, entry.index)
    if body is None or node is None or index is None or (entry.removed and not base):
        return None
    return PlaceView(body=body, index=index, name=node.name)


def _counts(counts: Counts) -> CountsView:
    return CountsView.model_validate(counts)
