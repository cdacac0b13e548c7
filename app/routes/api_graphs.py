"""Graphs as JSON or as FX code, and the diff of two."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from app.access import find_graph
from app.db import read_scope
from app.graphs.document import GraphDocument
from app.services.graph_diffs import GraphDiffView, diff_view
from app.services.graphs import graph_code, graph_json
from app.text import visible
from app.web import Here, Id

router = APIRouter(prefix="/api/graphs", tags=["graphs"])

GraphId = Annotated[int, Query(ge=1, le=2**63 - 1)]


# Before the graph itself, for "compare" is no id.
@router.get("/compare")
def compare(web: Here, base: GraphId, head: GraphId, *, same: bool = False) -> GraphDiffView:
    """What is different in `head`; with `same`, the nodes that are the same as well."""
    with read_scope(web.engine) as session:
        return diff_view(session, base, head, same=same)


@router.get(
    "/{graph_id}",
    response_class=Response,
    responses={
        200: {"model": GraphDocument, "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
def show(web: Here, graph_id: Id, format: Literal["json", "text"] = "json") -> Response:  # noqa: A002
    """The graph's document, or with `?format=text` its FX code."""
    with read_scope(web.engine) as session:
        graph = find_graph(session, graph_id)
    if format == "text":
        code = visible(graph_code(graph).decode(errors="replace"))
        return Response(code, media_type="text/plain; charset=utf-8")
    return Response(graph_json(graph), media_type="application/json")
