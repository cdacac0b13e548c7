"""A run without a server: a database of its own, one worker beside, and nothing left behind."""

import logging
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from sqlalchemy import Engine

from app.cli.exits import WorkerError
from app.cli.host import read_settings
from app.cli.outcome import Outcome
from app.cli.wishes import Wishes
from app.db import make_engine, read_scope, session_scope
from app.errors import ConflictError
from app.models import Run
from app.services.asker import Asker
from app.services.identity import local_asker, nobody
from app.services.live import since
from app.services.migrate import migrate
from app.services.options import make_options
from app.services.present import run_view
from app.services.queue import request_cancel
from app.services.remedies import remedy_details
from app.services.runs import create_run
from app.services.storage import BlobStore
from app.services.views import RunView
from app.settings import Settings
from app.supervisor import Supervisor

POLL_SECONDS = 0.1
LOG_LINES = 12  # of a worker that does not stay alive
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Place:
    """Where a run is made: its settings, and a folder that is removed with all in it."""

    settings: Settings
    scratch: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the worker reads the same settings from; its temporary files go to the folder."""
        given = {
            "STAGELIGHT_DATA": str(self.settings.data.resolve()),
            "STAGELIGHT_DATABASE_URL": self.settings.database_url,
            "STAGELIGHT_FOLLOW_UPS": str(self.settings.follow_ups),
            "TMPDIR": str(self.scratch),
        }
        return {**os.environ, **given}


def diagnose(
    wishes: Wishes, *, follow: bool, keep: bool, show: Callable[[RunView], None]
) -> Outcome:
    """Make a run and follow it to its verdict, or to its end where `follow` is set.

    `keep`: in the data folder of the settings, where `stagelight serve` shows it. Ctrl-C cancels
    the run, and what there is of it is returned.

    Raises:
        StagelightError: the upload or an option was refused, or the worker does not start.
    """
    with interrupted_once(), _place(follow=follow, keep=keep) as place, ExitStack() as undo:
        migrate(place.settings.url)
        engine = make_engine(place.settings.url)
        undo.callback(engine.dispose)
        asker = local_asker("") if keep else nobody()
        run_id = _create(engine, wishes, place.settings, asker)
        try:
            with _worker(place) as check:
                _follow(engine, run_id, asker, follow, show, check)
        except KeyboardInterrupt:
            pass  # the worker has ended, and with it the run
        with read_scope(engine) as session:
            run = run_view(session, session.get_one(Run, run_id))
            return Outcome(run, remedy_details(session, run_id))


@contextmanager
def interrupted_once() -> Iterator[None]:
    """Take the first signal to end as Ctrl-C, and let no other disturb the cleaning up."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        ignore_signals()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """From now on: what is being cleaned up takes a few seconds at most."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _place(*, follow: bool, keep: bool) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="stagelight-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        given: dict[str, object] = {"workers": 1, "follow_ups": follow}
        if not keep:
            given |= {"data": scratch / "data", "database_url": ""}
        try:
            yield Place(read_settings(**given), scratch)
        finally:
            ignore_signals()


@contextmanager
def _worker(place: Place) -> Iterator[Callable[[], None]]:
    """A worker while the block runs. What is given raises WorkerError where it does not live."""
    logging.getLogger("app.supervisor").setLevel(logging.ERROR)  # the error says it all
    with (place.scratch / "worker.log").open("w+b") as log:
        supervisor = Supervisor(place.settings, place.environment, log)

        def check() -> None:
            if supervisor.failing:
                raise WorkerError("The worker does not stay alive.", _last_lines(log))

        supervisor.start()
        try:
            yield check
        finally:
            ignore_signals()
            supervisor.stop()
            supervisor.join()


def _create(engine: Engine, wishes: Wishes, settings: Settings, asker: Asker) -> int:
    options = make_options(wishes.options)
    with session_scope(engine) as session:
        run = create_run(
            session,
            BlobStore(settings.data / "scripts"),
            wishes.upload.data,
            wishes.upload.filename,
            title=wishes.title,
            entry=wishes.entry,
            runtime=wishes.runtime,
            options=options,
            settings=settings,
            asker=asker,
        )
        assert run.id is not None
        return run.id


def _follow(
    engine: Engine,
    run_id: int,
    asker: Asker,
    follow: bool,
    show: Callable[[RunView], None],
    check: Callable[[], None],
) -> None:
    """Show each change, until the run is settled; an interrupt cancels it."""
    after = 0
    run: RunView | None = None
    try:
        while run is None or not run.settled(follow=follow):
            with read_scope(engine) as session:
                events = since(session, run_id, after)
                if events or run is None:
                    run = run_view(session, session.get_one(Run, run_id))
            after = events[-1].id or after if events else after
            show(run)
            check()
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        with session_scope(engine) as session, suppress(ConflictError):
            request_cancel(session, session.get_one(Run, run_id), asker)
        raise


def _last_lines(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").rstrip().splitlines()
    return "\n".join(["The end of its log:", *lines[-LOG_LINES:]])
