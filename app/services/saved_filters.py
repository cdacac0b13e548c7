"""Filters of the history that have a name and an address."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.errors import ConflictError, StagelightError
from app.models import Act, SavedFilter
from app.services.asker import Asker
from app.services.audit import record
from app.services.history_filters import FilterWords
from app.services.runs import clean_title
from app.services.view import View

NAME_CHARACTERS = 80
MOST = 200  # filters in all


class FilterNameError(StagelightError):
    """A filter cannot be saved under this name."""

    code = "bad_name"
    status = 422


class FilterView(View):
    """A saved filter. `url` leads to the history, filtered."""

    slug: str
    name: str
    url: str
    query: str
    owner: str | None
    created_at: datetime


class FilterList(View):
    """All saved filters, by name."""

    filters: list[FilterView]


def list_filters(session: Session) -> list[FilterView]:
    """All of them, by name."""
    rows = session.scalars(select(SavedFilter).order_by(func.lower(col(SavedFilter.name))))
    return [_view(row) for row in rows]


def save_filter(session: Session, name: str, words: FilterWords, asker: Asker) -> FilterView:
    """Give a filter a name, and an address made of it."""
    words.filters()
    query = words.text()
    if not query:
        raise FilterNameError(
            "There is no filter to be saved: all runs are shown.", "Filter the history first."
        )
    name = clean_title(name)
    slug = re.sub(r"[\W_]+", "-", name.lower()).strip("-")
    if not slug or max(len(name), len(slug)) > NAME_CHARACTERS:
        raise FilterNameError(
            f"{name[:100]!r} cannot be the name of a filter.",
            f"Write up to {NAME_CHARACTERS} characters, a letter or digit among them.",
        )
    if session.get(SavedFilter, slug) is not None:
        raise ConflictError(
            f"There is a filter with the address /filters/{slug} already.",
            "Choose another name, or delete that one first.",
            code="filter_exists",
        )
    if (session.scalar(select(func.count()).select_from(SavedFilter)) or 0) >= MOST:
        raise ConflictError(
            f"{MOST} filters are saved already.", "Delete one first.", code="too_many_filters"
        )
    row = SavedFilter(slug=slug, name=name, query=query, owner=asker.name)
    session.add(row)
    session.flush()
    record(session, asker, Act.FILTER_SAVED, f"filter {slug}", query=query)
    return _view(row)


def delete_filter(session: Session, saved: SavedFilter, asker: Asker) -> None:
    """Forget a filter; the runs stay."""
    session.delete(saved)
    record(session, asker, Act.FILTER_DELETED, f"filter {saved.slug}", query=saved.query)


def _view(row: Any) -> FilterView:
    return FilterView(
        slug=row.slug,
        name=row.name,
        url=f"/filters/{row.slug}",
        query=row.query,
        owner=row.owner or None,
        created_at=row.created_at,
    )
