"""What the pages of webhooks are given."""

from dataclasses import dataclass
from typing import ClassVar

from app.admin_pages import AdminPage
from app.models import SUBSCRIBED, DeliveryState, WebhookEvent
from app.pages import Problem
from app.services.deliveries import KEPT_DAYS, RETRY_SECONDS
from app.services.summary import Tone
from app.services.webhook_views import DeliveryBrief, DeliveryList, WebhookList, WebhookView


def delivery_badge(delivery: DeliveryBrief) -> tuple[Tone, str]:
    """Where a delivery is, in tone and words."""
    match delivery.state:
        case DeliveryState.DELIVERED:
            return Tone.GOOD, "delivered"
        case DeliveryState.GAVE_UP:
            return Tone.BROKEN, "given up"
        case DeliveryState.SENDING:
            return Tone.WORK, "being sent"
        case DeliveryState.PENDING if delivery.attempts:
            return Tone.BAD, "fails so far"
        case DeliveryState.PENDING:
            return Tone.WAIT, "waits"


@dataclass(frozen=True)
class WebhookForm:
    """What was entered."""

    url: str = ""
    events: tuple[WebhookEvent, ...] = SUBSCRIBED

    choices: ClassVar[dict[WebhookEvent, str]] = {
        WebhookEvent.RUN_FINISHED: "a run ended, with a verdict or without",
        WebhookEvent.FAILURE_REGRESSED: "a failure that was marked as fixed is in a run again",
    }


@dataclass(frozen=True)
class NewSecret:
    """A secret that is shown this once."""

    webhook: int
    secret: str


@dataclass(frozen=True)
class WebhooksPage(AdminPage):
    """All webhooks, and the form that adds one."""

    template: ClassVar[str] = "admin/webhooks.html"
    tab: ClassVar[str] = "/admin/webhooks"
    found: WebhookList
    form: WebhookForm = WebhookForm()
    made: NewSecret | None = None
    problem: Problem | None = None

    badge = staticmethod(delivery_badge)


@dataclass(frozen=True)
class WebhookPage(AdminPage):
    """One webhook with what was sent to it."""

    template: ClassVar[str] = "admin/webhook.html"
    tab: ClassVar[str] = "/admin/webhooks"
    webhook: WebhookView
    found: DeliveryList
    before: int | None  # the cursor of the deliveries
    made: NewSecret | None = None

    tries: ClassVar[int] = len(RETRY_SECONDS) + 1
    kept_days: ClassVar[int] = KEPT_DAYS

    badge = staticmethod(delivery_badge)
