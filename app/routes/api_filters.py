"""Saved filters as JSON."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.access import find_own_filter
from app.db import read_scope, session_scope
from app.history_address import HistoryAddress
from app.services.saved_filters import (
    FilterList,
    FilterView,
    delete_filter,
    list_filters,
    save_filter,
)
from app.web import Here, Who

router = APIRouter(prefix="/api/filters", tags=["filters"])


class NewFilter(BaseModel):
    """A name for a filter: the query string of GET /api/runs, without cursor and limit."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=1_000)]
    query: Annotated[str, Field(max_length=10_000)]


@router.get("")
def listing(web: Here) -> FilterList:
    """All saved filters, by name."""
    with read_scope(web.engine) as session:
        return FilterList(filters=list_filters(session))


@router.post("", status_code=201)
def save(web: Here, asker: Who, given: NewFilter) -> FilterView:
    """Save a filter under a name; its address is made of the name."""
    with session_scope(web.engine) as session:
        return save_filter(session, given.name, HistoryAddress.of(given.query), asker)


@router.delete("/{slug}", status_code=204)
def delete(web: Here, asker: Who, slug: str) -> None:
    """Forget a saved filter; the runs stay."""
    with session_scope(web.engine) as session:
        delete_filter(session, find_own_filter(session, slug, asker), asker)
