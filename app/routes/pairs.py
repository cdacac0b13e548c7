"""Compare a graph with any other that a person can name: by number, by stage, by an address."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.access import find_graph, find_run, find_stage
from app.db import read_scope
from app.errors import NotFoundError, StagelightError
from app.graph_address import Address
from app.web import Here, Id

router = APIRouter(prefix="/graphs", include_in_schema=False)

_ID = r"([0-9]{1,18})"
_STAGES = (
    re.compile(rf"(?:.*/)?runs/{_ID}/stages/{_ID}(?:[/?#].*)?"),
    re.compile(rf"(?:run\s*)?{_ID}\s*(?:[./,]|\s)\s*(?:stage\s*)?{_ID}", re.IGNORECASE),
)
_GRAPHS = (
    re.compile(rf"(?:.*/)?graphs/{_ID}(?:[/?#].*)?"),
    re.compile(rf"(?:graph\s*)?#?{_ID}", re.IGNORECASE),
)


class GraphNameError(StagelightError):
    """What was entered names no graph."""

    code = "bad_graph_name"
    status = 422


@router.get("/{graph_id}/compare")
def compare(
    web: Here,
    graph_id: Id,
    address: Annotated[Address, Query()],
    other: Annotated[str, Query(alias="with", max_length=2_000)] = "",
) -> Response:
    """Go to the graph's page with another graph as its base; all else is seen as before."""
    with read_scope(web.engine) as session:
        find_graph(session, graph_id)
        base = _find(session, other)
    return RedirectResponse(f"/graphs/{graph_id}{address.text(base=base)}", status_code=303)


def _find(session: Session, text: str) -> int:
    """The id of the graph that a text names: `7`, `12.3` for run 12, stage 3, or an address."""
    text = text.strip()
    for pattern in _GRAPHS:
        if match := pattern.fullmatch(text):
            graph = find_graph(session, int(match[1]))
            assert graph.id is not None
            return graph.id
    for pattern in _STAGES:
        if match := pattern.fullmatch(text):
            return _of_stage(session, int(match[1]), int(match[2]))
    raise GraphNameError(
        f"{text[:80]!r} names no graph.",
        "Enter a graph's number (7), a run and a stage of it (12.3), or the address of either.",
    )


def _of_stage(session: Session, run_id: int, n: int) -> int:
    graph_id = find_stage(session, find_run(session, run_id), n).graph_id
    if graph_id is None:
        raise NotFoundError(
            f"Stage {n} of run {run_id} has no graph.",
            f"The page /runs/{run_id}/stages/{n} says what became of it; choose a stage that "
            "exported.",
        )
    return graph_id
