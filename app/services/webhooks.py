"""Webhooks: made, paused, given a new secret, tried, deleted. Each of it is in the audit log."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from app.db import session_scope
from app.errors import ConflictError, NotFoundError, StagelightError
from app.models import SUBSCRIBED, Act, Delivery, Webhook, WebhookEvent
from app.services.asker import Asker
from app.services.audit import record
from app.services.webhook_addresses import check_url
from app.services.webhook_events import ping, put_on_its_way
from app.services.webhook_signature import new_secret
from app.settings import Network

MOST = 20  # each run that ends writes a delivery for each


class NoEventsError(StagelightError):
    """A webhook that is told nothing makes no sense."""

    code = "no_events"
    status = 422


def add_webhook(
    engine: Engine,
    asker: Asker,
    url: str,
    events: Sequence[WebhookEvent],
    networks: Sequence[Network],
) -> Webhook:
    """A new webhook, its secret in it. The name in its address is looked up before a transaction
    begins, for that may take seconds.
    """
    if not events or not set(events) <= set(SUBSCRIBED):
        raise NoEventsError(
            "The webhook is told nothing.", f"Choose from {' and '.join(SUBSCRIBED)}."
        )
    check_url(url, networks)
    with session_scope(engine) as session:
        if session.exec(select(func.count()).select_from(Webhook)).one() >= MOST:
            raise ConflictError(
                f"There are {MOST} webhooks already.", "Delete one.", code="too_many_webhooks"
            )
        webhook = Webhook(
            url=url,
            secret=new_secret(),
            events=[event.value for event in SUBSCRIBED if event in events],
            created_by=asker.name,
        )
        session.add(webhook)
        session.flush()
        _record(session, asker, Act.WEBHOOK_MADE, webhook, events=webhook.events)
        return webhook


def find_webhook(session: Session, webhook_id: int) -> Webhook:
    """A webhook by its number, or NotFoundError."""
    webhook = session.get(Webhook, webhook_id)
    if webhook is None:
        raise NotFoundError(
            f"There is no webhook {webhook_id}.", "/admin/webhooks lists all of them."
        )
    return webhook


def set_active(session: Session, asker: Asker, webhook: Webhook, active: bool) -> None:
    """Pause a webhook or go on with it: what was on its way waits until then."""
    if webhook.active == active:
        return
    webhook.active = active
    session.add(webhook)
    _record(session, asker, Act.WEBHOOK_CHANGED, webhook, active=active)


def rotate_secret(session: Session, asker: Asker, webhook: Webhook) -> str:
    """A new secret, which signs all that is sent from now on."""
    webhook.secret = new_secret()
    session.add(webhook)
    _record(session, asker, Act.WEBHOOK_CHANGED, webhook, secret="new")  # noqa: S106 - no secret
    return webhook.secret


def delete_webhook(session: Session, asker: Asker, webhook: Webhook) -> None:
    """Remove it with all its deliveries."""
    _record(session, asker, Act.WEBHOOK_DELETED, webhook)
    session.delete(webhook)


def send_ping(session: Session, asker: Asker, webhook: Webhook) -> int:
    """Have a test event sent; the delivery's number."""
    _record(session, asker, Act.WEBHOOK_CHANGED, webhook, sent=WebhookEvent.PING.value)
    return ping(session, _sendable(webhook))


def send_again(session: Session, asker: Asker, webhook: Webhook, delivery_id: int) -> int:
    """Have an event sent once more, as a delivery of its own, which has the same id of the event;
    its number.
    """
    query = select(Delivery).where(
        col(Delivery.id) == delivery_id, col(Delivery.webhook_id) == webhook.id
    )
    old = session.exec(query).one_or_none()
    if old is None:
        raise NotFoundError(
            f"Webhook {webhook.id} has no delivery {delivery_id}.",
            "Its page lists those that there are; old ones are removed.",
        )
    told = {"event": old.event, "event_id": old.event_id, "run_id": old.run_id}
    _record(session, asker, Act.WEBHOOK_CHANGED, webhook, sent=f"delivery {delivery_id} again")
    (sent,) = put_on_its_way(session, [_sendable(webhook)], **told, payload=old.payload)
    return sent


def _sendable(webhook: Webhook) -> int:
    assert webhook.id is not None
    if not webhook.active:
        raise ConflictError(
            f"Webhook {webhook.id} is paused: nothing is sent to it.",
            "Resume it first.",
            code="webhook_paused",
        )
    return webhook.id


def _record(session: Session, asker: Asker, act: Act, webhook: Webhook, **detail: object) -> None:
    """Of the address only the host: the rest of it may be a secret of the other side."""
    host = urlsplit(webhook.url).hostname
    record(session, asker, act, f"webhook {webhook.id}", host=host, **detail)
