"""What a course knows of its run, and how it writes."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.db import read_scope
from app.models import Blocker, Stage, StageKind
from app.services.queue import Claim
from app.services.record import StageEnd, fenced
from app.settings import Settings
from workers.events import PlannedStage
from workers.follow.model import Purse
from workers.ingest import Ingest
from workers.protocol import WHOLE, OverLimitError
from workers.task import Task
from workers.verdict import Facts


@dataclass(frozen=True)
class Context:
    """One run after its verdict. What a course writes is fenced to this worker's claim."""

    engine: Engine
    claim: Claim
    settings: Settings
    task: Task
    ingest: Ingest
    run_seconds: float  # wall-clock, of the run until both its children had ended
    purse: Purse

    @property
    def run_id(self) -> int:
        """The run's."""
        return self.claim.run_id

    @property
    def facts(self) -> Facts:
        """What the verdict was made of."""
        return self.ingest.facts

    def left(self) -> float:
        """Seconds left for this run's follow-ups; 0 where there are none."""
        return max(self.purse.left, 0.0)

    def files(self) -> list[tuple[str, bytes]]:
        """The upload's files, relative path and content."""
        return self.task.files(self.settings)

    def reading(self) -> AbstractContextManager[Session]:
        """A session to read by."""
        return read_scope(self.engine)

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction; LostRunError where the run is not this worker's any more."""
        return fenced(self.engine, self.claim)

    def note(self, code: str, message: str) -> None:
        """Tell the person something of the run."""
        self.ingest.note(code, message)

    def export_seconds(self) -> float | None:
        """What torch.export.export of the whole model took; None where it did not come to it."""
        whole = (col(Stage.run_id) == self.run_id) & (col(Stage.key) == WHOLE)
        with self.reading() as session:
            return session.scalar(select(Stage.seconds).where(whole))

    def blockers(self) -> Sequence[Blocker]:
        """The run's, in order of execution."""
        mine = select(Blocker).where(col(Blocker.run_id) == self.run_id)
        with self.reading() as session:
            return session.exec(mine.order_by(col(Blocker.position))).all()

    def start_stage(self, kind: StageKind, name: str) -> None:
        """Add a stage after all others. Its key is its kind."""
        stage = PlannedStage(key=kind.value, kind=kind, name=name)
        with self.writing() as session:
            self.ingest.ledger.start(session, kind.value, stage)

    def end_stage(self, kind: StageKind, end: StageEnd) -> None:
        """End a stage that was started; its graph is left out where the run may store no more."""
        if end.graph is not None:
            size = len(end.graph.document) + len(end.graph.code)
            try:
                self.ingest.spend(size)
                end = replace(end, stored=size)
            except OverLimitError as error:
                end = replace(end, graph=None, reason=f"Its graph is not kept: it {error}.")
        with self.writing() as session:
            self.ingest.ledger.end(session, kind.value, end)
