"""Workers and settings as JSON."""

from fastapi import APIRouter

from app.db import read_scope
from app.services.in_force import SettingList, list_settings
from app.services.workers import WorkerList, worker_views
from app.unwise import warnings_of
from app.web import Here

router = APIRouter(prefix="/api", tags=["workers"])


@router.get("/workers")
def workers(web: Here) -> WorkerList:
    """The workers that are there, each with its tier and what holds on its host."""
    with read_scope(web.engine) as session:
        return WorkerList(workers=worker_views(session))


@router.get("/settings")
def settings(web: Here) -> SettingList:
    """The settings that are in force in the web process without secrets, and what is unwise."""
    return SettingList(settings=list_settings(web.settings), warnings=warnings_of(web.settings))
