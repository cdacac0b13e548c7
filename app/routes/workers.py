"""The page of workers and settings."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.db import read_scope
from app.pages import SettingsPage, WorkerCard
from app.services.in_force import sections
from app.services.workers import worker_views
from app.web import Here

router = APIRouter(prefix="/settings", include_in_schema=False)


@router.get("")
def show(web: Here) -> HTMLResponse:
    """Who works, how well sealed, and within which limits."""
    with read_scope(web.engine) as session:
        workers = worker_views(session)
    cards = tuple(WorkerCard.of(worker) for worker in workers)
    return web.render(SettingsPage(cards, sections(web.settings)))
