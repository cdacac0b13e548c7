"""The page of a graph: facts and FX code."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.access import find_graph
from app.db import read_scope
from app.graphs.render import CHARACTERS, render_code
from app.pages import GraphPage
from app.services.graphs import code_beginning, graph_facts, is_unsandboxed, stages_with
from app.web import Here, Id

router = APIRouter(prefix="/graphs", include_in_schema=False)


@router.get("/{graph_id}")
def show(web: Here, graph_id: Id) -> HTMLResponse:
    """The graph, and which stages have it."""
    with read_scope(web.engine) as session:
        graph = find_graph(session, graph_id)
        stages = tuple(stages_with(session, graph_id))
        unsandboxed = is_unsandboxed(session, graph_id)
    page = GraphPage(
        graph_id=graph_id,
        facts=graph_facts(graph),
        stages=stages,
        unsandboxed=unsandboxed,
        code=render_code(code_beginning(graph, CHARACTERS)),
    )
    return web.render(page)
