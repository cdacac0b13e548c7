"""Waiting for a server: until it takes a run, and until the run's verdict is known."""

import time
from collections.abc import Callable

from app.cli.client import Client
from app.cli.exits import BusyError, UnreachableError
from app.cli.outcome import Outcome
from app.cli.screen import Screen
from app.cli.wishes import Wishes
from app.services.views import RunAccepted, RunView

RETRIES = 3
LONGEST_RETRY_SECONDS = 60  # what takes longer is for a person to decide
POLL_SECONDS = 0.5
LOST_POLLS = 20  # in a row that may go unanswered: a server that is started anew


def submit_patiently(client: Client, screen: Screen, wishes: Wishes) -> RunAccepted:
    """Queue a run; where the server has too many right now, try again when it says so."""
    for _ in range(RETRIES):
        try:
            return client.submit(wishes)
        except BusyError as error:
            if error.seconds > LONGEST_RETRY_SECONDS:
                raise
            screen.note(f"{error.message} Trying again in {error.seconds} s.")
            time.sleep(error.seconds)
    return client.submit(wishes)


def wait_for(client: Client, screen: Screen, run_id: int, *, follow: bool) -> Outcome:
    """Show a run as it goes on; return it once its verdict, or with `follow` all, is known."""
    try:
        with screen.progress() as progress:
            run = _poll(client, run_id, follow, progress.show)
    except KeyboardInterrupt:
        screen.note(f"Run {run_id} goes on: {client.address(f'/runs/{run_id}')}")
        raise
    return Outcome(run, client.remedies(run_id))


def _poll(client: Client, run_id: int, follow: bool, show: Callable[[RunView], None]) -> RunView:
    lost = 0
    while True:
        try:
            run = client.run(run_id)
        except UnreachableError:
            lost += 1
            if lost > LOST_POLLS:
                raise
        else:
            lost = 0
            show(run)
            if run.settled(follow=follow):
                return run
        time.sleep(POLL_SECONDS)
