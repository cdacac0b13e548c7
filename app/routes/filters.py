"""Saved filters: their addresses, and the forms that make and delete them."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.access import find_filter, find_own_filter
from app.db import read_scope, session_scope
from app.history_address import HistoryAddress
from app.routes.moves import go
from app.services.saved_filters import delete_filter, save_filter
from app.web import Here, Who

router = APIRouter(prefix="/filters", include_in_schema=False)


@router.get("/{slug}")
def show(web: Here, slug: str) -> Response:
    """The history with a saved filter."""
    with read_scope(web.engine) as session:
        saved = find_filter(session, slug)
    return RedirectResponse(f"/?{saved.query}", status_code=303)


@router.post("")
def save(
    request: Request,
    web: Here,
    asker: Who,
    name: Annotated[str, Form()] = "",
    query: Annotated[str, Form()] = "",
) -> Response:
    """Save the filter of the history that is shown."""
    with session_scope(web.engine) as session:
        saved = save_filter(session, name, HistoryAddress.of(query), asker)
    return go(request, f"/?{saved.query}")


@router.post("/{slug}/delete")
def delete(request: Request, web: Here, asker: Who, slug: str) -> Response:
    """Forget a saved filter; what it shows stays shown."""
    with session_scope(web.engine) as session:
        saved = find_own_filter(session, slug, asker)
        delete_filter(session, saved, asker)
    return go(request, f"/?{saved.query}")
