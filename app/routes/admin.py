"""The pages of who runs the server: the work, storage, the audit log, settings."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from app.admin_pages import AuditPage, InForcePage, StoragePage, WorkPage
from app.db import read_scope
from app.errors import StagelightError
from app.models import Act
from app.pages import WorkerCard
from app.services.audit_log import AuditFilters, list_audit
from app.services.footprint import read_footprint
from app.services.in_force import sections
from app.services.workload import read_workload
from app.text import NO_NUL
from app.unwise import warnings_of
from app.web import Here

ENTRIES = 50  # of the audit log, on one page

router = APIRouter(prefix="/admin", include_in_schema=False)


class UnknownActError(StagelightError):
    """The audit log has no entries of this kind."""

    code = "bad_filter"
    status = 422


@router.get("/workers")
def workers(web: Here) -> HTMLResponse:
    """Runtimes, workers and the queue."""
    with read_scope(web.engine) as session:
        work = read_workload(session, web.settings)
    return web.render(WorkPage(work, tuple(WorkerCard.of(one) for one in work.workers)))


@router.get("/storage")
def storage(web: Here) -> HTMLResponse:
    """How much room everything takes."""
    with read_scope(web.engine) as session:
        return web.render(StoragePage(read_footprint(session, web.engine, web.settings)))


@router.get("/audit")
def audit(
    web: Here,
    actor: Annotated[str, Query(max_length=80, pattern=NO_NUL)] = "",
    act: Annotated[str, Query(max_length=40)] = "",
    subject: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> HTMLResponse:
    """What was done, newest first."""
    filters = AuditFilters(actor.strip(), _act(act), subject.strip())
    with read_scope(web.engine) as session:
        return web.render(AuditPage(list_audit(session, filters, ENTRIES, before), filters))


@router.get("/settings")
def settings(web: Here) -> HTMLResponse:
    """The settings in force, and what is unwise in them."""
    return web.render(InForcePage(sections(web.settings), tuple(warnings_of(web.settings))))


def _act(text: str) -> Act | None:
    """A form's empty choice is none."""
    if not text:
        return None
    try:
        return Act(text)
    except ValueError:
        raise UnknownActError(
            f"Nothing that is recorded is called {text!r}.", "/admin/audit lists what there is."
        ) from None
