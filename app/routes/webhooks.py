"""The pages of webhooks, for admins."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from app.db import read_scope, session_scope
from app.errors import StagelightError
from app.models import WebhookEvent
from app.pages import Problem
from app.routes.moves import go
from app.routes.once import told_once
from app.services.webhook_views import list_deliveries, list_webhooks, webhook_view
from app.services.webhooks import (
    add_webhook,
    delete_webhook,
    find_webhook,
    rotate_secret,
    send_again,
    send_ping,
    set_active,
)
from app.web import Here, Id, Web, Who
from app.webhook_pages import NewSecret, WebhookForm, WebhookPage, WebhooksPage

DELIVERIES = 25  # on one page
PAGE = "/admin/webhooks"

router = APIRouter(prefix=PAGE, include_in_schema=False)

Before = Annotated[int | None, Query(ge=1, lt=2**63)]


@router.get("")
def listing(web: Here) -> HTMLResponse:
    """All webhooks, and the form that adds one."""
    with read_scope(web.engine) as session:
        return web.render(WebhooksPage(list_webhooks(session)))


@router.post("")
def add(
    web: Here,
    asker: Who,
    url: Annotated[str, Form(max_length=4_000)] = "",
    event: Annotated[list[WebhookEvent] | None, Form()] = None,
) -> HTMLResponse:
    """Add one, and show its secret this once."""
    form = WebhookForm(url.strip(), tuple(event or ()))
    try:
        made = add_webhook(
            web.engine, asker, form.url, form.events, web.settings.reachable_networks
        )
    except StagelightError as error:
        with read_scope(web.engine) as session:
            page = WebhooksPage(list_webhooks(session), form, problem=Problem.of(error))
        return web.render(page, error.status)
    assert made.id is not None
    with read_scope(web.engine) as session:
        page = WebhooksPage(list_webhooks(session), made=NewSecret(made.id, made.secret))
    return told_once(web.render(page, 201))


@router.get("/{webhook_id}")
def show(web: Here, webhook_id: Id, before: Before = None) -> HTMLResponse:
    """One, and what was sent to it."""
    return web.render(_page(web, webhook_id, before))


@router.post("/{webhook_id}/pause")
def pause(request: Request, web: Here, asker: Who, webhook_id: Id) -> Response:
    """Send it nothing for now."""
    with session_scope(web.engine) as session:
        set_active(session, asker, find_webhook(session, webhook_id), active=False)
    return go(request, f"{PAGE}/{webhook_id}")


@router.post("/{webhook_id}/resume")
def resume(request: Request, web: Here, asker: Who, webhook_id: Id) -> Response:
    """Go on with it."""
    with session_scope(web.engine) as session:
        set_active(session, asker, find_webhook(session, webhook_id), active=True)
    return go(request, f"{PAGE}/{webhook_id}")


@router.post("/{webhook_id}/secret")
def rotate(web: Here, asker: Who, webhook_id: Id) -> HTMLResponse:
    """Give it a new secret, and show that this once."""
    with session_scope(web.engine) as session:
        secret = rotate_secret(session, asker, find_webhook(session, webhook_id))
    return told_once(web.render(_page(web, webhook_id, made=NewSecret(webhook_id, secret))))


@router.post("/{webhook_id}/delete")
def delete(request: Request, web: Here, asker: Who, webhook_id: Id) -> Response:
    """Remove it with all its deliveries."""
    with session_scope(web.engine) as session:
        delete_webhook(session, asker, find_webhook(session, webhook_id))
    return go(request, PAGE)


@router.post("/{webhook_id}/ping")
def ping(request: Request, web: Here, asker: Who, webhook_id: Id) -> Response:
    """Send it a test event."""
    with session_scope(web.engine) as session:
        send_ping(session, asker, find_webhook(session, webhook_id))
    return go(request, f"{PAGE}/{webhook_id}")


@router.post("/{webhook_id}/deliveries/{delivery_id}/again")
def again(request: Request, web: Here, asker: Who, webhook_id: Id, delivery_id: Id) -> Response:
    """Send an event once more."""
    with session_scope(web.engine) as session:
        send_again(session, asker, find_webhook(session, webhook_id), delivery_id)
    return go(request, f"{PAGE}/{webhook_id}")


def _page(
    web: Web, webhook_id: int, before: int | None = None, made: NewSecret | None = None
) -> WebhookPage:
    with read_scope(web.engine) as session:
        webhook = find_webhook(session, webhook_id)
        found = list_deliveries(session, webhook, web.settings.public_url, DELIVERIES, before)
        return WebhookPage(webhook_view(session, webhook), found, before, made)
