"""The page of workers and settings."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.db import read_scope
from app.pages import SettingsPage, WorkerCard
from app.services.in_force import sections
from app.services.workers import worker_views
from app.web import Here, Who

router = APIRouter(prefix="/settings", include_in_schema=False)


@router.get("")
def show(web: Here, asker: Who) -> HTMLResponse:
    """Who works and how well sealed; to an admin also within which limits."""
    with read_scope(web.engine) as session:
        workers = worker_views(session)
    cards = tuple(WorkerCard.of(worker) for worker in workers)
    shown = sections(web.settings) if asker.is_admin else ()
    return web.render(SettingsPage(cards, shown))
