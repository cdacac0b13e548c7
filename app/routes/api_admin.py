"""The audit log, storage and the work as JSON, for admins."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.db import read_scope
from app.models import Act
from app.services.audit_log import AuditFilters, AuditList, list_audit
from app.services.footprint import Footprint, read_footprint
from app.services.workload import Workload, read_workload
from app.text import NO_NUL
from app.web import Here

LIMIT = 500

router = APIRouter(prefix="/api/admin", tags=["admin"])


@router.get("/audit")
def audit(
    web: Here,
    actor: Annotated[str, Query(max_length=80, pattern=NO_NUL)] = "",
    act: Act | None = None,
    subject: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    limit: Annotated[int, Query(ge=1, le=LIMIT)] = 100,
    cursor: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> AuditList:
    """What was done, newest first: by whom, of which kind, to what."""
    with read_scope(web.engine) as session:
        return list_audit(session, AuditFilters(actor, act, subject), limit, cursor)


@router.get("/storage")
def storage(web: Here) -> Footprint:
    """How much room everything takes."""
    with read_scope(web.engine) as session:
        return read_footprint(session, web.engine, web.settings)


@router.get("/work")
def work(web: Here) -> Workload:
    """Workers and runtimes, what waits and what is worked on."""
    with read_scope(web.engine) as session:
        return read_workload(session, web.settings)
