"""Links that show a report: made, listed, opened, counted and revoked."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.errors import NotFoundError, StagelightError
from app.models import Act, Run, Share, ShareKind, ShareState
from app.models.columns import utc_now
from app.reports.headlines import words_of
from app.services.asker import Asker
from app.services.audit import record
from app.services.paging import page_of
from app.services.reports import Subject
from app.services.tokens import hash_of, is_token, new_token
from app.services.view import View
from app.settings import Settings

DAYS = 7  # that a link opens unless another number is asked for
MAX_DAYS = 365


class ShareGoneError(NotFoundError):
    """There is no such link: it was never made, has expired, was revoked, or its run is gone."""

    def __init__(self) -> None:
        super().__init__(
            "This link does not open anything.",
            "It has ended, or a part of it is missing: ask whoever sent it to you for another.",
        )


class ExpiryError(StagelightError):
    """A link may not be made for so long. None was made."""

    code = "bad_expiry"
    status = 422


class ShareView(View):
    """A link without its token, which nobody knows any more but who was given it.

    `what` is what it shows, as an address names it; `title` is that of the run, or of the head.
    """

    id: int
    kind: ShareKind
    subject: str
    what: str
    title: str
    source: bool
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    state: ShareState
    views: int
    last_viewed_at: datetime | None


class ShareList(View):
    """A page of links, newest first. `next` is the cursor of the page after it."""

    shares: list[ShareView]
    next: str | None


def create_share(
    session: Session,
    subject: Subject,
    *,
    with_source: bool,
    days: int | None,
    asker: Asker,
    settings: Settings,
) -> tuple[Share, str]:
    """A new link, and its token, which is told this once. `days` None: it never expires."""
    if days is None and not settings.share_forever:
        raise ExpiryError(
            "A link that never expires is not allowed here.",
            f"Give it 1 to {MAX_DAYS} days; only STAGELIGHT_SHARE_FOREVER allows more.",
        )
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise ExpiryError(
            f"A link cannot be made for {days} days.", f"Give it 1 to {MAX_DAYS}; {DAYS} is usual."
        )
    token, now = new_token(), utc_now()
    assert subject.run.id is not None
    share = Share(
        token_sha256=hash_of(token),
        kind=subject.kind,
        run_id=subject.run.id,
        head_run_id=None if subject.head is None else subject.head.id,
        position=subject.position,
        with_source=with_source,
        created_by=asker.name,
        created_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
    )
    session.add(share)
    session.flush()
    of = words_of(share.kind, share.run_id, share.position, share.head_run_id)
    record(
        session, asker, Act.SHARE_MADE, f"share {share.id}", of=of, days=days, source=with_source
    )
    return share, token


def list_shares(session: Session, limit: int, before: int | None = None) -> ShareList:
    """One page of all links to runs that are there."""
    query = _listed().order_by(col(Share.id).desc()).limit(limit + 1)
    if before is not None:
        query = query.where(col(Share.id) < before)
    found = [_view(*row) for row in session.execute(query)]
    shares, following = page_of(found, limit)
    return ShareList(shares=shares, next=following)


def shares_of(session: Session, subject: Subject, limit: int) -> list[ShareView]:
    """The newest links to this very thing."""
    head = None if subject.head is None else subject.head.id
    query = _listed().where(
        col(Share.kind) == subject.kind,
        col(Share.run_id) == subject.run.id,
        col(Share.head_run_id).is_not_distinct_from(head),
        col(Share.position).is_not_distinct_from(subject.position),
    )
    rows = session.execute(query.order_by(col(Share.id).desc()).limit(limit))
    return [_view(*row) for row in rows]


def revoke_share(session: Session, share: Share, asker: Asker) -> None:
    """End a link now; one that was revoked stays as it is."""
    if share.revoked_at is None:
        share.revoked_at = utc_now()
        record(session, asker, Act.SHARE_REVOKED, f"share {share.id}", made_by=share.created_by)


def open_share(session: Session, token: str) -> Share:
    """The link with this token, if it opens; else ShareGoneError, whatever the cause."""
    query = select(Share).where(col(Share.token_sha256) == hash_of(token), _opens(utc_now()))
    share = session.scalar(query) if is_token(token) else None
    if share is None:
        raise ShareGoneError
    return share


def count_view(session: Session, share_id: int) -> None:
    """One more view; ShareGoneError if the link ended while its report was made."""
    now = utc_now()
    counted = (
        update(Share)
        .where(col(Share.id) == share_id, _opens(now))
        .values(views=col(Share.views) + 1, last_viewed_at=now)
        .returning(col(Share.id))
    )
    if session.execute(counted).first() is None:
        raise ShareGoneError


def _opens(now: datetime) -> Any:
    """The condition that a link is active; Share.state says the same of a row."""
    expires = col(Share.expires_at)
    return col(Share.revoked_at).is_(None) & or_(expires.is_(None), expires > now)


def _listed() -> Select[Share, str, str | None]:
    """Links with the title of the run that they show, where all their runs are there."""
    head = aliased(Run)
    return (
        select(Share, col(Run.title), col(head.title))
        .join(Run, col(Run.id) == col(Share.run_id))
        .outerjoin(head, col(head.id) == col(Share.head_run_id))
        .where(col(Run.deleted_at).is_(None), col(head.deleted_at).is_(None))
    )


def _view(share: Share, title: str, head_title: str | None) -> ShareView:
    second = share.head_run_id or share.position
    mark = ":" if share.head_run_id else "."
    return ShareView(
        id=share.id,
        kind=share.kind,
        subject=words_of(share.kind, share.run_id, share.position, share.head_run_id),
        what=f"{share.run_id}{mark}{second}" if second else f"{share.run_id}",
        title=head_title or title,
        source=share.with_source,
        created_by=share.created_by,
        created_at=share.created_at,
        expires_at=share.expires_at,
        revoked_at=share.revoked_at,
        state=share.state(utc_now()),
        views=share.views,
        last_viewed_at=share.last_viewed_at,
    )
