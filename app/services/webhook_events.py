"""What webhooks are told, put on its way in the transaction in which it happens.

Workers do this, which have no network. A payload says who, what and where, and has no source code
in it: of a failure's message only the first line, and no reason of a run, which may quote some.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from app.db import db_now
from app.models import (
    Category,
    Delivery,
    DeliveryState,
    FailureGroup,
    Run,
    RunStatus,
    Verdict,
    Webhook,
    WebhookEvent,
)
from app.models.columns import utc_now
from app.services.view import View

MESSAGE_CHARACTERS = 300


class RunNews(View):
    """A run, as webhooks are told of it."""

    id: int
    url: str  # of its page
    title: str
    filename: str
    runtime: str
    owner: str
    parent: int | None
    status: RunStatus
    verdict: Verdict | None
    category: Category | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class FailureNews(View):
    """A failure that is back: one cause over all runs. `fixed_…` is what was said of it before."""

    fingerprint: str
    url: str
    category: Category
    message: str  # the first line
    fixed_by: str
    fixed_at: datetime | None
    fixed_run: int | None


class WebhookNews(View):
    """The webhook itself, which a ping tells."""

    id: int
    url: str  # of its page here


class News(View):
    """A payload: what every one has."""

    type: WebhookEvent
    id: str
    timestamp: datetime
    data: dict[str, RunNews | FailureNews | WebhookNews]


def run_finished(session: Session, run: Run) -> None:
    """Tell that a run ended."""
    if webhooks := _listeners(session, WebhookEvent.RUN_FINISHED):
        _send(session, webhooks, WebhookEvent.RUN_FINISHED, run.id, run=_run(run))


def failures_regressed(session: Session, run: Run, groups: Iterable[FailureGroup]) -> None:
    """Tell that these failures are back in this run. Their rows still say that they are fixed."""
    webhooks = _listeners(session, WebhookEvent.FAILURE_REGRESSED)
    if not webhooks:
        return
    for group in groups:
        failure = FailureNews(
            fingerprint=group.fingerprint,
            url=f"/failures/{group.fingerprint}",
            category=group.category,
            message=group.message.strip().partition("\n")[0][:MESSAGE_CHARACTERS],
            fixed_by=group.state_by,
            fixed_at=group.state_at,
            fixed_run=group.fixed_run_id,
        )
        event = WebhookEvent.FAILURE_REGRESSED
        _send(session, webhooks, event, run.id, failure=failure, run=_run(run))


def ping(session: Session, webhook_id: int) -> int:
    """Tell a webhook of itself; the delivery's number."""
    webhook = WebhookNews(id=webhook_id, url=f"/admin/webhooks/{webhook_id}")
    (sent,) = _send(session, [webhook_id], WebhookEvent.PING, None, webhook=webhook)
    return sent


def put_on_its_way(session: Session, webhooks: Sequence[int], **event: Any) -> Sequence[int]:
    """A delivery to each, and their numbers; `event` is what they have in common: the columns of
    what is told.
    """
    fresh = {
        "created_at": utc_now(),
        "state": DeliveryState.PENDING,
        "due": db_now(),
        "attempts": 0,
        **dict.fromkeys(("signature", "error", "response"), ""),
    }
    rows = [{"webhook_id": webhook_id, **event, **fresh} for webhook_id in webhooks]
    made = insert(Delivery).values(rows).returning(col(Delivery.id))
    return [number for number in session.scalars(made) if number is not None]


def _listeners(session: Session, event: WebhookEvent) -> list[int]:
    """Those who want to know. On PostgreSQL none of them can be deleted until they are told."""
    listening = (
        select(Webhook.id, Webhook.events)
        .where(col(Webhook.active))
        .order_by(col(Webhook.id))
        .with_for_update(read=True, key_share=True)
    )
    rows = session.exec(listening)
    return [number for number, events in rows if number is not None and event in events]


def _send(
    session: Session,
    webhooks: Sequence[int],
    event: WebhookEvent,
    run_id: int | None,
    **data: RunNews | FailureNews | WebhookNews,
) -> Sequence[int]:
    news = News(type=event, id=str(uuid.uuid4()), timestamp=utc_now(), data=data)
    payload = news.model_dump(mode="json")
    return put_on_its_way(
        session, webhooks, event=event, event_id=news.id, run_id=run_id, payload=payload
    )


def _run(run: Run) -> RunNews:
    assert run.id is not None
    own = RunNews.model_fields.keys() - {"url", "parent"}
    told = {name: getattr(run, name) for name in own}
    return RunNews(**told, url=f"/runs/{run.id}", parent=run.parent_id)
