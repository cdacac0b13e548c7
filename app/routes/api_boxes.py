"""The picture of a graph as JSON: boxes and edges, opened module by module."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from app.db import read_scope
from app.services.graph_boxes import MatchList, PictureView, find_in, picture_of
from app.web import Here, Id

OPEN_CHARACTERS = 20_000  # of all keys together
NAME_CHARACTERS = 1_000
QUERY_CHARACTERS = 200

router = APIRouter(prefix="/api/graphs", tags=["graphs"])

Base = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Draw the diff from it.")]
Name = Annotated[str, Query(max_length=NAME_CHARACTERS)]


@router.get("/{graph_id}/boxes")
def boxes(
    web: Here,
    graph_id: Id,
    base: Base = None,
    opened: Annotated[
        str | None,
        Query(
            alias="open",
            max_length=OPEN_CHARACTERS,
            description="Keys of boxes, with commas between; unknown ones are left out.",
        ),
    ] = None,
    close: Annotated[Name, Query(description="The key of a box to close again.")] = "",
    node: Annotated[Name, Query(description="`name` or `body:name`.")] = "",
    of: Annotated[
        Literal["", "base"], Query(description="`base`: the node is one that was removed.")
    ] = "",
    module: Name = "",
    reveal: Annotated[
        bool, Query(description="Open the way to the node; to the last one if none is given.")
    ] = False,
) -> PictureView:
    """At most about 150 boxes and what goes between them."""
    keys = None if opened is None else [key for key in opened.split(",") if key]
    with read_scope(web.engine) as session:
        return picture_of(
            session,
            graph_id,
            base,
            opened=keys,
            close=close,
            node=node,
            of_base=of == "base",
            module=module,
            reveal=reveal,
        )


@router.get("/{graph_id}/find")
def find(
    web: Here,
    graph_id: Id,
    q: Annotated[str, Query(min_length=1, max_length=QUERY_CHARACTERS)],
    base: Base = None,
) -> MatchList:
    """Modules and nodes by name, target, path or class, and what to open to see them."""
    with read_scope(web.engine) as session:
        return find_in(session, graph_id, base, q)
