"""What people write at a run by the forms of pages: title, star, tags, note."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.access import find_own_run, find_run
from app.db import session_scope
from app.history_address import HistoryAddress
from app.routes.moves import go
from app.services.annotations import annotate
from app.services.tags import split_tags
from app.web import Here, Id, Who

router = APIRouter(prefix="/runs", include_in_schema=False)


@router.post("/{run_id}/title")
def rename(
    request: Request, web: Here, asker: Who, run_id: Id, title: Annotated[str, Form()] = ""
) -> Response:
    """Give a run another title."""
    with session_scope(web.engine) as session:
        annotate(session, find_own_run(session, run_id, asker), asker, title=title)
    return go(request, f"/runs/{run_id}")


@router.post("/{run_id}/star")
def star(
    request: Request,
    web: Here,
    asker: Who,
    run_id: Id,
    pin: Annotated[bool, Form()] = False,
    back: Annotated[str | None, Form(description="From a list: `?` and its query.")] = None,
) -> Response:
    """Give a run a star, or take it off; from a list the browser stays where it is."""
    with session_scope(web.engine) as session:
        annotate(session, find_run(session, run_id), asker, pin=pin)
    if back is None:
        return go(request, f"/runs/{run_id}")
    if request.headers.get("HX-Request"):  # the list asks for itself anew
        return Response(status_code=204, headers={"HX-Trigger": "history"})
    address = HistoryAddress.of(back.removeprefix("?"))
    return go(request, address.link(before=address.before))


@router.post("/{run_id}/about")
def about(
    request: Request,
    web: Here,
    asker: Who,
    run_id: Id,
    tags: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> Response:
    """Set a run's tags and its note."""
    with session_scope(web.engine) as session:
        annotate(session, find_run(session, run_id), asker, tags=split_tags(tags), note=note)
    return go(request, f"/runs/{run_id}")
