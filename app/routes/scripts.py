"""The runs of one script as a timeline."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.db import read_scope
from app.history_address import HistoryAddress
from app.history_pages import HistoryRow, TimelinePage
from app.plots import plots_of
from app.services.history_filters import read_cursor
from app.services.storage import BlobStore
from app.services.timeline import Timeline, timeline_of
from app.services.trends import trends
from app.web import Here

router = APIRouter(include_in_schema=False)
api_router = APIRouter(prefix="/api/scripts", tags=["scripts"])

Name = Annotated[str, Query(description="File name as uploaded: what its versions share.")]
Content = Annotated[str, Query(description="SHA-256: one exact content.")]
Cursor = Annotated[str, Query(description="`next` of the page before.")]


@router.get("/scripts")
def show(web: Here, name: Name = "", sha256: Content = "", before: str = "") -> HTMLResponse:
    """The timeline, with the plots of the same runs."""
    address = HistoryAddress(script=name or sha256)
    with read_scope(web.engine) as session:
        timeline = _timeline(session, web.store, name, sha256, before)
        found = trends(session, address.read())
    field = {"name": name} if name else {"sha256": sha256}
    page = TimelinePage(
        timeline=timeline,
        rows=tuple(HistoryRow.of(entry.run) for entry in timeline.entries),
        plots=plots_of(found),
        older=f"/scripts?{urlencode(field | {'before': timeline.next})}" if timeline.next else "",
    )
    return web.render(page)


@api_router.get("")
def listing(web: Here, name: Name = "", sha256: Content = "", cursor: Cursor = "") -> Timeline:
    """The runs of one script, newest first, each with what changed from the one before it."""
    with read_scope(web.engine) as session:
        return _timeline(session, web.store, name, sha256, cursor)


def _timeline(session: Session, store: BlobStore, name: str, sha256: str, cursor: str) -> Timeline:
    before = read_cursor(cursor) if cursor else None
    return timeline_of(session, store, name=name, sha256=sha256, before=before)
