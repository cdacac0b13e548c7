"""Sends what webhooks are to be told, in threads of `stagelight serve`, until it is told to end.

Not a worker's work: a worker runs strangers' code, and needs no network for anything.
"""

import logging
import threading
import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.db import brief, make_engine
from app.models import DeliveryState
from app.services.deliveries import claim_delivery, record_answer
from app.services.webhook_post import Post
from app.settings import Settings

HANDS = 3  # addresses that are told something at once
POLL_SECONDS = 1.0
PATIENCE_SECONDS = 1.0  # that a try in hand has when the server ends; then another sends it later

log = logging.getLogger(__name__)


def deliver_next(engine: Engine, post: Post) -> bool:
    """Send one letter whose time has come; False where there is none."""
    letter = claim_delivery(engine)
    if letter is None:
        return False
    answer = post.send(letter)
    state = record_answer(engine, letter, answer)
    if state is DeliveryState.GAVE_UP:
        log.warning("gave up delivery %d: %s", letter.delivery_id, answer.problem)
    return True


class Postman:
    """Looks for letters each second, and sends them."""

    def __init__(self, settings: Settings) -> None:
        self._engine = make_engine(settings.url)
        self._post = Post(settings.public_url, settings.reachable_networks)
        self._stopping = threading.Event()
        # Daemons, for the server does not wait for an address that does not answer.
        self._threads = [
            threading.Thread(target=self._run, name=f"postman {n}", daemon=True)
            for n in range(HANDS)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()

    def join(self) -> None:
        """Wait for what is in hand, for a moment."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._deliver():
                self._stopping.wait(POLL_SECONDS)

    def _deliver(self) -> bool:
        try:
            return deliver_next(self._engine, self._post)
        except SQLAlchemyError as error:
            log.warning("webhooks are not told what they are to be: %s", brief(error))
        except Exception:
            # What is in hand is tried again once its lease is over; the others must not wait.
            log.exception("a delivery was broken off")
        return False
