"""Webhooks and their deliveries, as pages and the API show them. No secret is in them."""

from datetime import UTC, datetime

from sqlmodel import Session, col, func, select

from app.models import Delivery, DeliveryState, Webhook, WebhookEvent
from app.services.deliveries import body_of
from app.services.paging import page_of
from app.services.view import View
from app.services.webhook_signature import headers_of


class DeliveryBrief(View):
    """A delivery in short. `attempts` counts those begun; `next_at` is null once it has ended."""

    id: int
    event: WebhookEvent
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime | None
    status_code: int | None
    error: str


class DeliveryView(DeliveryBrief):
    """A delivery with what was sent by its last try, and what came back. `headers` is empty and
    `body` what will be sent where no try has ended yet.
    """

    event_id: str
    run: int | None
    sent_at: datetime | None
    delivered_at: datetime | None
    seconds: float | None
    headers: dict[str, str]
    body: str
    response: str


class DeliveryList(View):
    """A page of deliveries, newest first. `next` is the cursor of the page after it."""

    deliveries: list[DeliveryView]
    next: str | None


class WebhookView(View):
    """A webhook with its last delivery."""

    id: int
    url: str
    events: list[WebhookEvent]
    active: bool
    created_by: str
    created_at: datetime
    last: DeliveryBrief | None


class WebhookList(View):
    """All webhooks, in the order in which they were made."""

    webhooks: list[WebhookView]


def list_webhooks(session: Session) -> WebhookList:
    """All of them; there are few."""
    last = _last(session)
    found = session.exec(select(Webhook).order_by(col(Webhook.id)))
    return WebhookList(webhooks=[_view(one, last.get(one.id or 0)) for one in found])


def webhook_view(session: Session, webhook: Webhook) -> WebhookView:
    """One that was found."""
    assert webhook.id is not None
    return _view(webhook, _last(session, webhook.id).get(webhook.id))


def list_deliveries(
    session: Session, webhook: Webhook, public_url: str, limit: int, before: int | None = None
) -> DeliveryList:
    """One page of what is on its way to a webhook, or was sent."""
    query = select(Delivery).where(col(Delivery.webhook_id) == webhook.id)
    if before is not None:
        query = query.where(col(Delivery.id) < before)
    found = session.exec(query.order_by(col(Delivery.id).desc()).limit(limit + 1)).all()
    shown, following = page_of(found, limit)
    views = [_delivery(one, public_url) for one in shown]
    return DeliveryList(deliveries=views, next=following)


def _last(session: Session, webhook_id: int | None = None) -> dict[int, Delivery]:
    """The newest delivery of each webhook, or of one."""
    newest = select(func.max(Delivery.id)).group_by(col(Delivery.webhook_id))
    if webhook_id is not None:
        newest = newest.where(col(Delivery.webhook_id) == webhook_id)
    found = session.exec(select(Delivery).where(col(Delivery.id).in_(newest)))
    return {one.webhook_id: one for one in found}


def _view(webhook: Webhook, last: Delivery | None) -> WebhookView:
    return WebhookView.model_validate(
        {**webhook.model_dump(), "last": None if last is None else _brief(last)}
    )


def _brief(delivery: Delivery) -> DeliveryBrief:
    return DeliveryBrief.model_validate(
        {**delivery.model_dump(exclude={"payload"}), "next_at": _next_at(delivery)}
    )


def _delivery(delivery: Delivery, public_url: str) -> DeliveryView:
    sent_at, headers = delivery.sent_at, {}
    if sent_at is not None:
        headers = headers_of(delivery.event_id, int(sent_at.timestamp()), delivery.signature)
    return DeliveryView.model_validate(
        {
            **delivery.model_dump(exclude={"payload"}),
            "run": delivery.run_id,
            "next_at": _next_at(delivery),
            "headers": headers,
            "body": body_of(delivery.payload, public_url).decode(),
        }
    )


def _next_at(delivery: Delivery) -> datetime | None:
    waits = delivery.state is DeliveryState.PENDING
    return datetime.fromtimestamp(delivery.due, UTC) if waits else None
