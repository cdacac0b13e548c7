"""Following a run at a server until its verdict is known."""

import time
from collections.abc import Callable

from app.cli.client import Client
from app.cli.exits import UnreachableError
from app.cli.outcome import Outcome
from app.cli.screen import Screen
from app.services.views import RunView

POLL_SECONDS = 0.5
LOST_POLLS = 20  # in a row that may go unanswered: a server that is started anew


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
