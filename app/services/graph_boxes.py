"""The picture of a graph as JSON: its boxes and edges, and where a node is in it."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import Session

from app.graphs.boxes import KINDS, Box, Drawing, Edge, Fold, draw, kind_of, way_to, without
from app.graphs.boxes_keys import plain
from app.graphs.boxes_tree import Part, PartKind, Tree, grow
from app.graphs.boxes_words import (
    Family,
    family_of,
    module_name,
    one_line,
    short_target,
    values_text,
)
from app.graphs.comparison import Entry
from app.graphs.diff.result import Kind
from app.services.graph_cache import Cache, comparison_of
from app.services.view import View

FOUND = 50  # matches that are listed

# Nodes of all trees that are kept; each also keeps its documents, which are kept elsewhere anyway.
_trees = Cache(30_000)


class BoxView(View):
    """A box, or with `open` the frame around others. `key` is what `open` in an address takes."""

    key: str
    parent: str | None
    kind: str  # a part's, or fold
    title: str
    detail: str
    open: bool
    opens: bool
    operations: int
    hidden: int  # parameters, buffers and constants in it
    family: Family | None  # of a single operation
    change: Kind | None
    counts: dict[Kind, int]  # nodes in it that are not the same
    node: str  # its address: `name` or `body:name`; empty for what is not one node
    of: str  # base for a node that was removed, else empty
    module: str  # path of the innermost module
    values: str
    target: str
    source: str  # file:line


class EdgeView(View):
    """What goes from a box to another."""

    source: str
    target: str
    text: str  # shape and dtype, or how many values
    change: Kind | None  # added or removed


class PictureView(View):
    """What is drawn of a graph."""

    boxes: list[BoxView]
    edges: list[EdgeView]
    open: list[str]
    refused: list[str]  # there would be too many boxes
    selected: str | None  # the box that is asked for by `node` or `module`, or the one around it
    last: str | None  # the box with the last node
    nodes: int


class MatchView(View):
    """A node or module that was found. With `open` open it is drawn."""

    title: str
    detail: str
    key: str
    node: str
    of: str
    open: list[str]


class MatchList(View):
    """What was found, in order of execution; modules first."""

    matches: list[MatchView]
    total: int


def picture_of(
    session: Session,
    graph_id: int,
    base_id: int | None,
    *,
    opened: Sequence[str] | None,
    close: str = "",
    node: str = "",
    of_base: bool = False,
    module: str = "",
    reveal: bool = False,
) -> PictureView:
    """Draw a graph, or two as one, with these modules open; `reveal` opens the way to the node."""
    tree = _tree(session, graph_id, base_id)
    if close and opened is not None:
        opened = without(tree, opened, close)
    entry = tree.comparison.find(node, base=of_base) if node else None
    last = _last(tree)
    if reveal:
        shown = entry or last
        way = [] if shown is None else way_to(tree.holders[shown.number])
        opened = [*(draw(tree, None).open if opened is None else opened), *(o.key for o in way)]
    drawing = draw(tree, opened)
    return PictureView(
        boxes=[_box(tree, box) for box in drawing.boxes],
        edges=[_edge(tree, edge) for edge in drawing.edges],
        open=list(drawing.open),
        refused=list(drawing.refused),
        selected=_owner(tree, drawing, entry) if node else _frame(tree, drawing, module),
        last=_owner(tree, drawing, last),
        nodes=len(tree.order),
    )


def find_in(session: Session, graph_id: int, base_id: int | None, text: str) -> MatchList:
    """Modules by path or class, and nodes by name, target or module, in any case."""
    tree = _tree(session, graph_id, base_id)
    wanted = text.casefold()
    parts = dict.fromkeys(tree.keys.values())
    modules = [part for part in parts if part.modules and _is_named(part, wanted)]
    nodes = [entry for entry in tree.comparison.entries if _is_like(entry, wanted)]
    held = [part for part in modules if part.entry is None]
    matches = [_found_part(tree, part) for part in held[:FOUND]]
    matches += [_found_node(tree, entry) for entry in nodes[: FOUND - len(matches)]]
    return MatchList(matches=matches, total=len(held) + len(nodes))


def _tree(session: Session, graph_id: int, base_id: int | None) -> Tree:
    comparison = comparison_of(session, graph_id, base_id)
    return _trees.get(comparison, lambda: grow(comparison), lambda made: len(made.order))


def _last(tree: Tree) -> Entry | None:
    """The last node of the graph itself: where export stopped, in one that is partial."""
    own = (entry for entry in reversed(tree.comparison.entries) if not entry.body)
    return next((entry for entry in own if not entry.removed), None)


def _owner(tree: Tree, drawing: Drawing, entry: Entry | None) -> str | None:
    if entry is None:
        return None
    return drawing.owners[tree.positions[entry.number]] or None


def _frame(tree: Tree, drawing: Drawing, module: str) -> str | None:
    """The box of a module, or the one that it is in."""
    part = tree.keys.get(plain(module))
    if part is None or part is tree.root:
        return None
    if any(box.key == part.key for box in drawing.boxes):
        return part.key
    return drawing.owners[part.first] or None


def _box(tree: Tree, box: Box) -> BoxView:
    words = _fold_words(tree, box) if isinstance(box.piece, Fold) else _words(tree, box.piece)
    counts = zip(KINDS, box.counts, strict=True)
    return BoxView(
        **{
            "family": None,
            "node": "",
            "of": "",
            "module": "",
            "values": "",
            "target": "",
            "source": "",
        }
        | words,
        key=box.key,
        parent=box.parent,
        open=box.open,
        opens=isinstance(box.piece, Fold) or bool(box.piece.children),
        operations=box.operations,
        hidden=box.hidden,
        change=_change(tree, box),
        counts={kind: count for kind, count in counts if count and kind is not Kind.SAME},
    )


def _change(tree: Tree, box: Box) -> Kind | None:
    """Of a single node, its own; of more, what became of them."""
    piece = box.piece
    if isinstance(piece, Fold) or piece.entry is None or piece.children:
        return kind_of(box)
    kind = tree.comparison.entries[piece.entry].kind
    return kind_of(box) if kind in (None, Kind.SAME) else kind


def _fold_words(tree: Tree, box: Box) -> dict[str, Any]:
    assert isinstance(box.piece, Fold)
    inside = box.piece.parent.children[box.piece.start : box.piece.stop]
    first, last = _words(tree, inside[0])["title"], _words(tree, inside[-1])["title"]
    return {
        "kind": "fold",
        "title": f"… {len(inside)} more",
        "detail": one_line(f"{first} … {last}"),
    }


def _words(tree: Tree, part: Part) -> dict[str, Any]:
    makers: dict[PartKind, Callable[[Tree, Part], dict[str, Any]]] = {
        PartKind.MODULE: _module_words,
        PartKind.SUBGRAPH: _subgraph_words,
    }
    return {"kind": part.kind.value} | makers.get(part.kind, _node_words)(tree, part)


def _name(part: Part) -> str:
    """What a part is called in the module around it."""
    around = next((one.modules[-1][0] for one in part.above if one.modules), "")
    return one_line(module_name(part.modules, around))


def _module_words(_tree: Tree, part: Part) -> dict[str, Any]:
    path, class_name, call = part.modules[-1]
    return {
        "title": _name(part) or "(no name)",
        "detail": one_line(class_name.rpartition(".")[2]),
        "module": one_line(f"{path}@{call}" if call else path, 400),
    }


def _subgraph_words(_tree: Tree, part: Part) -> dict[str, Any]:
    return {"title": one_line(part.body.rpartition(".")[2] or part.body), "detail": "subgraph"}


def _node_words(tree: Tree, part: Part) -> dict[str, Any]:
    assert part.entry is not None
    entry = tree.comparison.entries[part.entry]
    node = entry.node
    called = node.op.startswith("call_")
    name = one_line(node.name)
    title = one_line(short_target(node.target)) if called else name
    detail = (_name(part) or name) if called else values_text(node) if node.values else ""
    path, frame = (entry.module or ("", "", 0))[0], node.frame
    return {
        "title": title or "(no name)",
        "detail": detail,
        "family": _family(part, node.target) if called else None,
        "node": tree.comparison.address_of(entry),
        "of": "base" if entry.removed else "",
        "module": one_line(path, 400),
        "values": values_text(node),
        "target": one_line(node.target, 400),
        "source": one_line(f"{frame.file}:{frame.line}", 400) if frame else "",
    }


def _family(part: Part, target: str) -> Family:
    return Family.CONTROL if part.kind is PartKind.HOP else family_of(target)


def _edge(tree: Tree, edge: Edge) -> EdgeView:
    nodes = edge.nodes
    text = f"{len(nodes)} values"
    if len(nodes) == 1:
        text = values_text(tree.comparison.entries[nodes[0]].node)
    change = None
    if edge.head != edge.base and tree.comparison.diff is not None:
        change = Kind.ADDED if edge.head else Kind.REMOVED
    return EdgeView(source=edge.source, target=edge.target, text=text, change=change)


def _is_named(part: Part, wanted: str) -> bool:
    return any(
        wanted in path.casefold() or wanted in kind.casefold() for path, kind, _ in part.modules
    )


def _is_like(entry: Entry, wanted: str) -> bool:
    node = entry.node
    if wanted in node.name.casefold() or wanted in node.target.casefold():
        return True
    return bool(node.modules) and wanted in node.modules[-1][0].casefold()


def _found_part(tree: Tree, part: Part) -> MatchView:
    words = _words(tree, part)
    return MatchView(
        title=words["module"] or words["title"],
        detail=words["detail"],
        key=part.key,
        node="",
        of="",
        open=[piece.key for piece in way_to(part)],
    )


def _found_node(tree: Tree, entry: Entry) -> MatchView:
    holder = tree.holders[entry.number]
    path = (entry.module or ("", "", 0))[0]
    return MatchView(
        title=one_line(entry.node.name),
        detail=one_line(f"{entry.node.target}{f' in {path}' if path else ''}"),
        key=holder.key,
        node=tree.comparison.address_of(entry),
        of="base" if entry.removed else "",
        open=[piece.key for piece in way_to(holder)],
    )
