"""Runs scripts through a real worker's drive in this process, followed by the remedies alone."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from sqlmodel import Session, col, select

from app.db import make_engine, read_scope, session_scope
from app.models import Blocker, Remedy, RemedyKind, Run
from app.services import queue
from app.services.identity import nobody
from app.services.migrate import migrate
from app.services.options import RunOptions
from app.services.queue import Claim
from app.services.runs import create_run
from app.services.storage import BlobStore
from app.settings import Settings
from workers.drive import Ended, Following, drive
from workers.follow.courses import COURSES
from workers.follow.line import Line
from workers.sandbox.box import Sandbox
from workers.wish import Wish

LEASE_SECONDS = 3_600.0
TRIAL_SECONDS = 300.0  # of one remedy: benches run on machines that do other work


@dataclass(frozen=True)
class Followed:
    """One run with what came of its remedies, in the order in which they were tried."""

    run: Run
    blockers: list[Blocker]
    remedies: list[Remedy]

    @property
    def combined(self) -> Remedy | None:
        """The last row: all that works together."""
        return next((one for one in self.remedies if one.kind is RemedyKind.COMBINED), None)

    def files(self, files: Mapping[str, str]) -> dict[str, str]:
        """These files with the combined patch in them."""
        return {**files, **(self.combined.files if self.combined else {})}


class RemedyRuns:
    """One database and one sandbox for many runs."""

    def __init__(self, settings: Settings, sandbox: Sandbox) -> None:
        self._settings = settings
        self._sandbox = sandbox
        migrate(settings.url)
        self._engine = make_engine(settings.url)

    def follow(
        self, files: Mapping[str, str], entry: str, options: RunOptions | None = None
    ) -> Followed:
        """Run these files to the end of their remedies."""
        run_id = self._submit(files, entry, options or RunOptions())
        claim = queue.claim(self._engine, "bench", [*self._settings.pythons], LEASE_SECONDS)
        assert claim is not None
        with tempfile.TemporaryDirectory() as base, _only_remedies():
            Path(base).chmod(0o755)
            ended = self._drive(claim, Path(base))
        queue.finish(self._engine, claim, status=ended.status, reason=ended.reason)
        with read_scope(self._engine) as session:
            return _read(session, run_id)

    def _drive(self, claim: Claim, base: Path) -> Ended:
        """Drive a run to its verdict, then what follows it."""
        result = drive(self._engine, claim, self._settings, _go_on, base, self._sandbox)
        if isinstance(result, Following):
            steps = Line(result.context, self._sandbox, base, _go_on).steps()
            lost = next((wish for wish in steps if wish is not None), None)
            assert lost is None, lost
            return result.end
        assert isinstance(result, Ended), result
        return result

    def _submit(self, files: Mapping[str, str], entry: str, options: RunOptions) -> int:
        upload, name = _upload(files)
        with session_scope(self._engine) as session:
            store = BlobStore(self._settings.data / "scripts")
            run = create_run(
                session,
                store,
                upload,
                name,
                entry=entry,
                options=options,
                settings=self._settings,
                asker=nobody(),
            )
            session.flush()
            assert run.id is not None
            return run.id


@contextmanager
def remedy_runs(
    runtime: Path | None = None, trial_seconds: float = TRIAL_SECONDS
) -> Iterator[RemedyRuns]:
    """Runs in a folder of their own, by this interpreter or by another runtime's."""
    with tempfile.TemporaryDirectory() as folder:
        runtimes = {"default": runtime or Path(sys.executable)}
        settings = Settings(
            data=Path(folder) / "data",
            runtimes=runtimes,
            follow_ups=True,
            follow_seconds=LEASE_SECONDS,
            remedy_seconds=trial_seconds,
        )
        with Sandbox(settings) as sandbox:
            yield RemedyRuns(settings, sandbox)


def _go_on() -> Wish:
    return Wish.GO_ON


@contextmanager
def _only_remedies() -> Iterator[None]:
    courses = dict(COURSES)
    COURSES.clear()
    COURSES["remedies"] = courses["remedies"]
    try:
        yield
    finally:
        COURSES.clear()
        COURSES.update(courses)


def _upload(files: Mapping[str, str]) -> tuple[bytes, str]:
    """What a person uploads: one script, or a zip of several."""
    if len(files) == 1:
        ((name, text),) = files.items()
        return text.encode(), name
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue(), "model.zip"


def _read(session: Session, run_id: int) -> Followed:
    blockers = select(Blocker).where(col(Blocker.run_id) == run_id).order_by(col(Blocker.position))
    remedies = select(Remedy).where(col(Remedy.run_id) == run_id).order_by(col(Remedy.position))
    return Followed(
        session.get_one(Run, run_id),
        list(session.exec(blockers)),
        list(session.exec(remedies)),
    )
