"""The audit log as admins read it; what is old is removed only where a setting asks for that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlmodel import Session, col

from app.db import session_scope
from app.models import Act, Audit
from app.models.columns import utc_now
from app.services.paging import page_of
from app.services.view import View

BATCH = 1000  # entries that are removed in one transaction

# What somebody did, as it follows their name.
ACT_WORDS: Mapping[Act, str] = {
    Act.LOGIN: "logged in",
    Act.LOGIN_FAILED: "failed to log in",
    Act.LOGOUT: "logged out",
    Act.LOGIN_REVOKED: "ended a session",
    Act.PASSWORD_CHANGED: "changed a password",
    Act.PERSON_INVITED: "made an invite",
    Act.PERSON_INVITE_REVOKED: "revoked an invite",
    Act.PERSON_JOINED: "joined",
    Act.PERSON_RESET: "made a link that sets a password",
    Act.PERSON_ROLE: "changed a role",
    Act.PERSON_DISABLED: "disabled an account",
    Act.PERSON_ENABLED: "enabled an account",
    Act.PERSON_QUOTA: "changed a quota",
    Act.TOKEN_MADE: "made an API token",
    Act.TOKEN_REVOKED: "revoked an API token",
    Act.RUN_UPLOADED: "uploaded a script",
    Act.RUN_REPEATED: "repeated a run",
    Act.RUN_CHANGED: "changed a run",
    Act.RUN_CANCELLED: "cancelled a run",
    Act.RUN_DELETED: "deleted a run",
    Act.RUN_RESTORED: "restored a run",
    Act.COMMENT_DELETED: "deleted a comment",
    Act.FAILURE_STATE: "judged a failure",
    Act.FILTER_SAVED: "saved a filter",
    Act.FILTER_DELETED: "deleted a filter",
    Act.SHARE_MADE: "shared a report",
    Act.SHARE_REVOKED: "revoked a share",
    Act.WEBHOOK_MADE: "added a webhook",
    Act.WEBHOOK_CHANGED: "changed a webhook",
    Act.WEBHOOK_DELETED: "deleted a webhook",
}


@dataclass(frozen=True)
class AuditFilters:
    """Which entries are asked for; what is empty does not count. Names are exact."""

    actor: str = ""
    act: Act | None = None
    subject: str = ""


class AuditView(View):
    """One thing that somebody did. `via`: local, login, token, nobody, console."""

    id: int
    at: datetime
    actor: str  # empty: nobody known
    via: str
    act: Act
    subject: str
    detail: dict[str, Any]
    address: str


class AuditList(View):
    """A page of the log, newest first. `next` is the cursor of the page after it."""

    entries: list[AuditView]
    next: str | None


def list_audit(
    session: Session, filters: AuditFilters, limit: int, before: int | None = None
) -> AuditList:
    """One page of what was done."""
    query = select(Audit).order_by(col(Audit.id).desc()).limit(limit + 1)
    if before is not None:
        query = query.where(col(Audit.id) < before)
    if filters.actor:
        query = query.where(col(Audit.actor) == filters.actor)
    if filters.act is not None:
        query = query.where(col(Audit.act) == filters.act)
    if filters.subject:
        query = query.where(col(Audit.subject) == filters.subject)
    found = [AuditView.model_validate(row) for row in session.scalars(query)]
    entries, following = page_of(found, limit)
    return AuditList(entries=entries, next=following)


def forget_old(engine: Engine, days: float) -> int:
    """Remove the oldest entries if they are older than that, some of them; returns how many.

    The log grows by its ids: looking at the oldest of them finds what is old without an index.
    """
    if not days:
        return 0
    oldest = select(col(Audit.id), col(Audit.at)).order_by(col(Audit.id)).limit(BATCH).subquery()
    old = select(oldest.c.id).where(oldest.c.at < utc_now() - timedelta(days=days))
    gone = delete(Audit).where(col(Audit.id).in_(old)).returning(col(Audit.id))
    with session_scope(engine) as session:
        return len(session.execute(gone).all())
