"""The queue of deliveries: claimed one at a time, tried again with ever longer pauses, given up.

A claim is one update that sets when the claimer is taken for lost; so two web processes never send
the same thing at once, and what a killed one had in hand is sent by another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.db import db_now, read_scope, session_scope
from app.models import Act, Delivery, DeliveryState, Webhook
from app.models.columns import utc_now
from app.services.audit import record
from app.services.identity import nobody

# From the end of a try to the next one: eight tries over a day, that its night may mend it.
RETRY_SECONDS = (5.0, 30.0, 300.0, 1_800.0, 7_200.0, 21_600.0, 43_200.0)
LEASE_SECONDS = 60.0  # well over the time that a try may take
KEPT_DAYS = 30
GONE = 410  # the answer of an address that wants nothing any more


@dataclass(frozen=True)
class Letter:
    """What is to be sent, and the right to do so: the number of this attempt."""

    delivery_id: int
    attempt: int
    webhook_id: int
    url: str
    secret: str
    event_id: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """How a try went. `status` is None where there was no answer; `error` then says why."""

    sent_at: datetime
    signature: str
    seconds: float
    status: int | None = None
    text: str = ""  # the answer's beginning
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether the event has arrived."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def problem(self) -> str:
        """Why it has not, in a sentence."""
        if self.good or self.status is None:
            return self.error
        if self.status == GONE:
            return "It answered 410, that it is gone: the webhook was paused."
        if 300 <= self.status < 400:
            return f"It answered {self.status}, but redirects are not followed."
        return f"It answered {self.status}."


def body_of(payload: Mapping[str, Any], public_url: str) -> bytes:
    """The bytes that are sent: the payload, its addresses at this server's public one if that is
    known. What makes the payload knows none.
    """
    data = {
        name: {**part, "url": f"{public_url}{part['url']}"}
        for name, part in payload["data"].items()
    }
    return json.dumps({**payload, "data": data}, separators=(",", ":")).encode("ascii")


def claim_delivery(engine: Engine) -> Letter | None:
    """Take the delivery whose turn it is; None where none is due."""
    with read_scope(engine) as session:  # the idle poll must not hold up a writer
        if session.scalar(_next()) is None:
            return None
    with session_scope(engine) as session:
        taken = session.execute(take_next()).scalar_one_or_none()
        if taken is None:
            return None
        letter = _letter(session, taken)
        mine = col(Webhook.id) == letter.webhook_id
        session.execute(update(Webhook).where(mine).values(served=db_now()))
        return letter


def take_next() -> ReturningUpdate[int | None]:
    """The statement that claims."""
    # On PostgreSQL; SQLite has one writer at a time.
    following = _next().with_for_update(skip_locked=True, of=Delivery).scalar_subquery()
    return (
        update(Delivery)
        .where(col(Delivery.id) == following)
        .values(
            state=DeliveryState.SENDING,
            due=db_now() + LEASE_SECONDS,
            attempts=col(Delivery.attempts) + 1,
        )
        .returning(col(Delivery.id))
    )


def record_answer(engine: Engine, letter: Letter, answer: Answer) -> DeliveryState | None:
    """Write down how a try went, and what follows. None: the delivery is another's by now."""
    with session_scope(engine) as session:
        held = (
            (col(Delivery.id) == letter.delivery_id)
            & (col(Delivery.attempts) == letter.attempt)
            & (col(Delivery.state) == DeliveryState.SENDING)
        )
        found = session.exec(select(Delivery).where(held).with_for_update()).one_or_none()
        if found is None:
            return None
        found.sent_at = answer.sent_at
        found.signature = answer.signature
        found.seconds = answer.seconds
        found.status_code = answer.status
        found.response = answer.text
        found.error = answer.problem
        found.state = _next_state(letter, answer)
        if found.state is DeliveryState.DELIVERED:
            found.delivered_at = utc_now()
        session.add(found)
        session.flush()
        if found.state is DeliveryState.PENDING:
            pause = RETRY_SECONDS[letter.attempt - 1]
            again = update(Delivery).where(col(Delivery.id) == letter.delivery_id)
            session.execute(again.values(due=db_now() + pause))
        if answer.status == GONE:
            _pause(session, letter.webhook_id)
        return found.state


def purge_deliveries(engine: Engine) -> int:
    """Remove what is so old that nobody asks for it any more; returns how many there were."""
    old = col(Delivery.created_at) < utc_now() - timedelta(days=KEPT_DAYS)
    with read_scope(engine) as session:
        if session.exec(select(Delivery.id).where(old).limit(1)).first() is None:
            return 0
    with session_scope(engine) as session:
        return len(session.execute(delete(Delivery).where(old).returning(col(Delivery.id))).all())


@cache  # asked each second: to write the statement takes far longer than to run it
def _next() -> SelectOfScalar[int | None]:
    """The delivery whose turn it is: of the webhook that was served longest ago, what is due first.
    To one webhook nothing is sent while something is. So slow ones hold up no other, however much
    waits for them.
    """
    other = aliased(Delivery)
    busy = select(other.webhook_id).where(
        col(other.state) == DeliveryState.SENDING, col(other.due) > db_now()
    )
    waits = col(Delivery.state).in_((DeliveryState.PENDING, DeliveryState.SENDING))
    return (
        select(col(Delivery.id))
        .join(Webhook, col(Webhook.id) == col(Delivery.webhook_id))
        .where(
            waits,
            col(Delivery.due) <= db_now(),
            col(Webhook.active),
            col(Delivery.webhook_id).not_in(busy),
        )
        .order_by(col(Webhook.served), col(Delivery.due), col(Delivery.id))
        .limit(1)
    )


def _letter(session: Session, delivery_id: int) -> Letter:
    found = session.get_one(Delivery, delivery_id)
    webhook = session.get_one(Webhook, found.webhook_id)
    return Letter(
        delivery_id=delivery_id,
        attempt=found.attempts,
        webhook_id=found.webhook_id,
        url=webhook.url,
        secret=webhook.secret,
        event_id=found.event_id,
        payload=found.payload,
    )


def _next_state(letter: Letter, answer: Answer) -> DeliveryState:
    if answer.good:
        return DeliveryState.DELIVERED
    if answer.status == GONE or letter.attempt > len(RETRY_SECONDS):
        return DeliveryState.GAVE_UP
    return DeliveryState.PENDING


def _pause(session: Session, webhook_id: int) -> None:
    webhook = session.get_one(Webhook, webhook_id)
    webhook.active = False
    session.add(webhook)
    record(
        session, nobody(), Act.WEBHOOK_CHANGED, f"webhook {webhook_id}", active=False, answer=GONE
    )
