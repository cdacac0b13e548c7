"""The page of a graph, alone or against a base, and the parts of it that are loaded when asked."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.db import read_scope
from app.graph_address import Address, Links
from app.graph_code import CodeLines
from app.graph_pages import BranchesPart, GraphPage, LinesPart, PanelPart, RowsPart
from app.graph_pairs import Pairs
from app.graphs.code_view import Fold, unfold, window
from app.graphs.comparison import Comparison, Entry
from app.graphs.outline import Branch, Outline, children, draw
from app.graphs.panel import NodePanel, panel_of
from app.graphs.render import Code, render_code
from app.graphs.table import ROWS, in_module, select
from app.services.graph_cache import comparison_of, outline_of
from app.services.graph_context import (
    ending_of,
    guards_on,
    source_around,
    upload_of,
)
from app.services.graphs import StageLink, facts_of, is_unsandboxed, stages_with
from app.services.pairs import graph_pairs, seen_from
from app.web import Here, Id, Web

router = APIRouter(prefix="/graphs", include_in_schema=False)

Asked = Annotated[Address, Query()]
Place = Annotated[int, Query(ge=0, le=2**31)]


@router.get("/{graph_id}")
def show(web: Here, graph_id: Id, address: Asked) -> HTMLResponse:
    """The graph, in the view that the address names."""
    links = Links(graph_id, address)
    with read_scope(web.engine) as session:
        comparison = comparison_of(session, graph_id, address.base)
        is_outline = address.view == "outline"
        outline = outline_of(session, graph_id, address.base) if is_outline else None
        stages = _stages(session, links)
        base_stages = () if address.base is None else tuple(stages_with(session, address.base))
        seen = _seen(comparison, address)
        page = GraphPage(
            graph_id=graph_id,
            links=links,
            comparison=comparison,
            facts=facts_of(comparison.head.document),
            stages=stages,
            base_stages=base_stages,
            unsandboxed=is_unsandboxed(session, graph_id),
            pairs=Pairs(graph_id, graph_pairs(session, graph_id, seen_from(address.stage)), links),
            ending=ending_of(session, stages),
            node=_panel(web, session, comparison, links, stages),
            branches=_branches(outline, links, seen) if outline else None,
            code=_code(comparison, links, seen) if address.view == "code" else None,
            rows=_rows(comparison, links, seen) if address.view == "table" else None,
        )
    return web.render(page)


@router.get("/{graph_id}/_outline")
def branch(
    web: Here, graph_id: Id, address: Asked, branch: Place = 0, after: Place = 0
) -> HTMLResponse:
    """What is in one branch of the outline."""
    with read_scope(web.engine) as session:
        outline = outline_of(session, graph_id, address.base)
    at = outline.branches[min(branch, len(outline.branches) - 1)]
    row = children(outline, at, after, changes=address.changes)
    links = Links(graph_id, address)
    return web.render(BranchesPart(graph_id, links, outline.comparison, outline, row))


@router.get("/{graph_id}/_lines")
def lines(
    web: Here, graph_id: Id, address: Asked, begin: Place = 0, end: Place = 0
) -> HTMLResponse:
    """The lines of a fold in the diff of the code."""
    with read_scope(web.engine) as session:
        comparison = comparison_of(session, graph_id, address.base)
    links = Links(graph_id, address)
    made = CodeLines(comparison, links, None).of(unfold(comparison, Fold(begin, end)))
    return web.render(LinesPart(graph_id, links, comparison, made))


@router.get("/{graph_id}/_rows")
def rows(web: Here, graph_id: Id, address: Asked) -> HTMLResponse:
    """A page of the table."""
    with read_scope(web.engine) as session:
        comparison = comparison_of(session, graph_id, address.base)
    links = Links(graph_id, address)
    return web.render(_rows(comparison, links, _seen(comparison, address), exact=True))


@router.get("/{graph_id}/_node")
def node(web: Here, graph_id: Id, address: Asked) -> HTMLResponse:
    """The panel of a node."""
    with read_scope(web.engine) as session:
        comparison = comparison_of(session, graph_id, address.base)
        links = Links(graph_id, address)
        stages = _stages(session, links)
        return web.render(_panel(web, session, comparison, links, stages))


def _stages(session: Session, links: Links) -> tuple[StageLink, ...]:
    """The stages with the graph, first the one that it is seen from."""
    return tuple(stages_with(session, links.graph_id, seen_from(links.address.stage)))


def _seen(comparison: Comparison, address: Address) -> Entry | None:
    """The node that the address names."""
    if not address.node:
        return None
    return comparison.find(address.node, base=address.of == "base")


def _branches(outline: Outline, links: Links, seen: Entry | None) -> BranchesPart:
    address = links.address
    chosen: Branch | None = None
    if seen is not None:
        chosen = outline.branches[outline.of_entry[seen.number]]
    elif address.module:
        chosen = outline.module(address.module)
    row = draw(outline, chosen, changes=address.changes)
    number = -1 if chosen is None else chosen.number
    return BranchesPart(links.graph_id, links, outline.comparison, outline, row, number)


def _code(comparison: Comparison, links: Links, seen: Entry | None) -> LinesPart:
    address = links.address
    entries = comparison.entries
    if address.module:
        entries = tuple(entry for entry in entries if in_module(entry, address.module))
    fold = comparison.diff is not None
    made = window(comparison, entries, first=address.first, seen=seen, fold=fold)
    lines = CodeLines(comparison, links, seen).of(made.rows)
    return LinesPart(links.graph_id, links, comparison, lines, made)


def _rows(
    comparison: Comparison, links: Links, seen: Entry | None, *, exact: bool = False
) -> RowsPart:
    """The page that the address names; else, unless it has to be, the one with the node on it."""
    found = select(comparison, links.address.query)
    first = links.address.first
    if seen is not None and not first and not exact:
        at = next((place for place, entry in enumerate(found) if entry is seen), 0)
        first = at // ROWS * ROWS
    first = min(first, len(found)) // ROWS * ROWS
    number = -1 if seen is None else seen.number
    entries = found[first : first + ROWS]
    return RowsPart(links.graph_id, links, comparison, entries, len(found), first, number)


def _panel(
    web: Web,
    session: Session,
    comparison: Comparison,
    links: Links,
    stages: tuple[StageLink, ...],
) -> PanelPart:
    address = links.address
    seen = _seen(comparison, address)
    if seen is None:
        return PanelPart(links.graph_id, links, comparison, missing=address.node)
    panel = panel_of(comparison, seen)
    names = {symbol.name for symbol in panel.symbols}
    return PanelPart(
        links.graph_id,
        links,
        comparison,
        panel,
        guards_on(session, stages, names),
        _source(web, session, panel, stages),
    )


def _source(
    web: Web, session: Session, panel: NodePanel, stages: tuple[StageLink, ...]
) -> Code | None:
    """The user's lines around the node's, where they are in the upload."""
    frame = panel.node.frame
    upload = None if frame is None or panel.entry.removed else upload_of(session, stages)
    if frame is None or upload is None:
        return None
    found = source_around(web.store, web.settings, upload, frame)
    return None if found is None else render_code(found.text, first=found.first, culprit=found.line)
