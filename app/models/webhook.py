"""A webhook: an address that is told of events by signed requests."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.models.columns import JSON, UtcDateTime, utc_now
from app.models.person import NAME_CHARACTERS

URL_CHARACTERS = 2_000


class WebhookEvent(StrEnum):
    """What a webhook is told of."""

    RUN_FINISHED = "run.finished"  # a run ended, whichever way
    FAILURE_REGRESSED = "failure.regressed"  # a failure that was fixed is in a run again
    PING = "ping"  # somebody tries it


# What one can ask for; a ping comes to each.
SUBSCRIBED = (WebhookEvent.RUN_FINISHED, WebhookEvent.FAILURE_REGRESSED)


class Webhook(SQLModel, table=True):
    """One address. Its secret is kept as it is, for each request is signed with it."""

    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(max_length=URL_CHARACTERS)
    secret: str = Field(max_length=80)
    events: list[str] = Field(sa_type=JSON)  # of SUBSCRIBED
    active: bool = True  # a paused one is told nothing, and what waits for it waits on
    served: float = 0.0  # when it was last sent something, by the database's clock
    created_by: str = Field(max_length=NAME_CHARACTERS)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
