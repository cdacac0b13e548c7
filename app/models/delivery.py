"""A delivery: one event on its way to one webhook, and how its last try went.

The row is also the queue (see app/services/deliveries.py).
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.models.columns import JSON, UtcDateTime, Word, utc_now
from app.models.webhook import WebhookEvent


class DeliveryState(StrEnum):
    """Where a delivery is. The last two are ends."""

    PENDING = "pending"  # waits for its first try, or for the next one
    SENDING = "sending"  # a web process holds it until `due`
    DELIVERED = "delivered"  # it was answered with 2xx
    GAVE_UP = "gave_up"  # it was tried as often as it is, or the address said that it is gone


class Delivery(SQLModel, table=True):
    """One event for one webhook."""

    __table_args__ = (
        Index("ix_delivery_webhook", "webhook_id", "id"),
        Index("ix_delivery_due", "state", "due"),
    )

    id: int | None = Field(default=None, primary_key=True)
    webhook_id: int = Field(foreign_key="webhook.id", ondelete="CASCADE")
    event: WebhookEvent = Field(sa_type=Word(WebhookEvent))
    event_id: str = Field(max_length=40)  # the same for all who are told, and when it is sent again
    run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL", index=True)
    payload: dict[str, Any] = Field(sa_type=JSON)  # addresses in it are paths of this server
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)

    state: DeliveryState = Field(default=DeliveryState.PENDING, sa_type=Word(DeliveryState))
    # Pending: when it is tried; sending: when whoever sends it is taken for lost. Seconds since
    # 1970 by the database's clock.
    due: float
    attempts: int = 0  # begun; also the fence: a result of another attempt changes nothing

    # The last try, once it has ended.
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    signature: str = Field(default="", max_length=80)
    seconds: float | None = None
    status_code: int | None = None  # null: there was no answer
    error: str = ""  # why it counts as failed, in a sentence
    response: str = ""  # the answer's beginning
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
