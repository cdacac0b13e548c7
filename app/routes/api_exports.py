"""Graphs as files for other programs, and the pairs of a graph as JSON."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlmodel import Session

from app.access import find_graph
from app.db import read_scope
from app.errors import StagelightError
from app.graphs.exports.dot import to_dot
from app.graphs.exports.histogram import to_csv
from app.graphs.exports.model_explorer import to_json
from app.routes.files import file
from app.services.graph_cache import document_of
from app.services.graphs import graph_code, graph_json
from app.services.pairs import PairList, graph_pairs, seen_from
from app.text import visible
from app.web import Here, Id

router = APIRouter(prefix="/api/graphs", tags=["graphs"])


class Format(StrEnum):
    """What a graph can be taken away as."""

    JSON = "json"  # its document
    TEXT = "text"  # its FX code
    MODEL_EXPLORER = "model-explorer"  # a file for Model Explorer
    DOT = "dot"  # for GraphViz
    CSV = "csv"  # how often each operator is called, in which of the top modules


# Of each format: its media type, and how a file of it is named.
_FILES = {
    Format.JSON: ("application/json", "json"),
    Format.TEXT: ("text/plain; charset=utf-8", "py.txt"),
    Format.MODEL_EXPLORER: ("application/json", "model-explorer.json"),
    Format.DOT: ("text/vnd.graphviz; charset=utf-8", "dot"),
    Format.CSV: ("text/csv; charset=utf-8; header=present", "csv"),
}


class BaseNotUsedError(StagelightError):
    """A base was given with a format that shows one graph alone."""

    code = "no_diff_in_format"
    status = 422


@router.get(
    "/{graph_id}/export/{format}",
    response_class=Response,
    responses={
        200: {
            "content": {
                kind.partition(";")[0]: {
                    "schema": {"type": "object" if kind == "application/json" else "string"}
                }
                for kind, _ in _FILES.values()
            }
        }
    },
)
def export(
    web: Here,
    graph_id: Id,
    format: Format,  # noqa: A002
    base: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """The graph as a file. With a base, the CSV has the counts of both."""
    if base is not None and format is not Format.CSV:
        raise BaseNotUsedError(
            f"The format {format.value} has no place for a base.",
            "Leave base out, or take the format csv, which has the counts of both graphs.",
        )
    with read_scope(web.engine) as session:
        content = _content(session, graph_id, format, base)
    media_type, ending = _FILES[format]
    name = f"graph-{graph_id}" + (f"-against-{base}" if base is not None else "")
    return file(content, f"{name}.{ending}", media_type)


@router.get("/{graph_id}/pairs")
def pairs(web: Here, graph_id: Id, stage: Annotated[str, Query(max_length=100)] = "") -> PairList:
    """What the graph is worth comparing with, likeliest first, seen from a stage: `12.3`."""
    with read_scope(web.engine) as session:
        find_graph(session, graph_id)
        return graph_pairs(session, graph_id, seen_from(stage))


def _content(session: Session, graph_id: int, format: Format, base: int | None) -> bytes | str:  # noqa: A002
    title = f"graph {graph_id}"
    if format is Format.JSON:
        return graph_json(find_graph(session, graph_id))
    if format is Format.TEXT:
        return visible(graph_code(find_graph(session, graph_id)).decode(errors="replace"))
    document = document_of(session, graph_id)
    if format is Format.MODEL_EXPLORER:
        return to_json(document, title)
    if format is Format.DOT:
        return to_dot(document, title)
    return to_csv(document, None if base is None else document_of(session, base))
