"""Webhooks and their deliveries, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.db import read_scope, session_scope
from app.models import SUBSCRIBED, WebhookEvent
from app.routes.once import told_once
from app.services.view import View
from app.services.webhook_views import (
    DeliveryList,
    WebhookList,
    WebhookView,
    list_deliveries,
    list_webhooks,
    webhook_view,
)
from app.services.webhooks import (
    add_webhook,
    delete_webhook,
    find_webhook,
    rotate_secret,
    send_again,
    send_ping,
    set_active,
)
from app.web import Here, Id, Who

LIMIT = 100

router = APIRouter(prefix="/api/admin/webhooks", tags=["webhooks"])


class WebhookRequest(BaseModel):
    """Where to, and what is told there."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(max_length=4_000)]
    events: list[WebhookEvent] = list(SUBSCRIBED)


class WebhookChange(BaseModel):
    """What can be changed of a webhook."""

    model_config = ConfigDict(extra="forbid")

    active: Annotated[bool, Field(strict=True)]


class WebhookMade(View):
    """A new webhook. Its secret is told this once."""

    id: int
    url: str
    events: list[WebhookEvent]
    secret: str


class WebhookSecret(View):
    """A new secret, told this once."""

    id: int
    secret: str


class WebhookSent(View):
    """The delivery that was put on its way."""

    id: int
    webhook: int


@router.get("")
def listing(web: Here) -> WebhookList:
    """All webhooks, each with its last delivery; no secrets."""
    with read_scope(web.engine) as session:
        return list_webhooks(session)


@router.post("", status_code=201)
def add(web: Here, asker: Who, response: Response, wanted: WebhookRequest) -> WebhookMade:
    """Add a webhook. Its address is looked up, and must be a public one."""
    told_once(response)
    made = add_webhook(
        web.engine, asker, wanted.url, wanted.events, web.settings.reachable_networks
    )
    return WebhookMade.model_validate(made)


@router.get("/{webhook_id}")
def show(web: Here, webhook_id: Id) -> WebhookView:
    """One webhook with its last delivery."""
    with read_scope(web.engine) as session:
        return webhook_view(session, find_webhook(session, webhook_id))


@router.patch("/{webhook_id}")
def change(web: Here, asker: Who, webhook_id: Id, wanted: WebhookChange) -> WebhookView:
    """Pause a webhook, or go on with it."""
    with session_scope(web.engine) as session:
        webhook = find_webhook(session, webhook_id)
        set_active(session, asker, webhook, active=wanted.active)
        return webhook_view(session, webhook)


@router.delete("/{webhook_id}", status_code=204)
def delete(web: Here, asker: Who, webhook_id: Id) -> Response:
    """Remove a webhook with all its deliveries."""
    with session_scope(web.engine) as session:
        delete_webhook(session, asker, find_webhook(session, webhook_id))
    return Response(status_code=204)


@router.post("/{webhook_id}/secret")
def rotate(web: Here, asker: Who, response: Response, webhook_id: Id) -> WebhookSecret:
    """Give a webhook a new secret; it signs all that is sent from now on."""
    told_once(response)
    with session_scope(web.engine) as session:
        secret = rotate_secret(session, asker, find_webhook(session, webhook_id))
    return WebhookSecret(id=webhook_id, secret=secret)


@router.post("/{webhook_id}/ping", status_code=202)
def ping(web: Here, asker: Who, webhook_id: Id) -> WebhookSent:
    """Have a test event sent to a webhook."""
    with session_scope(web.engine) as session:
        webhook = find_webhook(session, webhook_id)
        return WebhookSent(id=send_ping(session, asker, webhook), webhook=webhook_id)


@router.get("/{webhook_id}/deliveries")
def deliveries(
    web: Here,
    webhook_id: Id,
    limit: Annotated[int, Query(ge=1, le=LIMIT)] = 50,
    cursor: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> DeliveryList:
    """What was sent to a webhook and what is on its way, newest first."""
    with read_scope(web.engine) as session:
        webhook = find_webhook(session, webhook_id)
        return list_deliveries(session, webhook, web.settings.public_url, limit, cursor)


@router.post("/{webhook_id}/deliveries/{delivery_id}/again", status_code=202)
def again(web: Here, asker: Who, webhook_id: Id, delivery_id: Id) -> WebhookSent:
    """Have an event sent once more, with the same id of the event."""
    with session_scope(web.engine) as session:
        webhook = find_webhook(session, webhook_id)
        sent = send_again(session, asker, webhook, delivery_id)
        return WebhookSent(id=sent, webhook=webhook_id)
