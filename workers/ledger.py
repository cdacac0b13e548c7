"""The stages of one run as rows: planned, added, started, ended."""

from dataclasses import dataclass

from sqlmodel import Session

from app.models import Stage, StageStatus
from app.services import record
from app.services.record import StageEnd
from workers import rows
from workers.events import Planned, PlannedStage
from workers.protocol import WHOLE


@dataclass
class _Waiting:
    """What is known of a stage that has no row yet."""

    stage: PlannedStage | None = None  # None: the whole stage, which comes with the plan
    end: StageEnd | None = None


class Ledger:
    """Knows the number of each stage.

    Those of the whole child come after the plan's, so they wait for the plan, or for the staged
    child's end without one.
    """

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._numbers: dict[str, int] = {}  # stage key → n; empty until there is a plan
        self._pending: list[str] = []  # planned keys of the staged child that have not begun
        self._waiting: dict[str, _Waiting] = {}

    @property
    def is_planned(self) -> bool:
        """Whether stages have rows."""
        return bool(self._numbers)

    def plan(self, session: Session, plan: Planned | None) -> None:
        """Make the plan's rows, and those of what waited for it."""
        components, stages = rows.plan_rows(self._run_id, plan)
        self._numbers = {stage.key: stage.n for stage in stages}
        self._pending = [stage.key for stage in stages if stage.key != WHOLE]
        record.save_plan(session, self._run_id, components, stages)
        session.flush()
        waiting, self._waiting = self._waiting, {}
        for key, known in waiting.items():
            if known.end is None or known.stage is not None:
                self.start(session, key, known.stage)
            if known.end is not None:
                self.end(session, key, known.end)

    def start(self, session: Session, key: str, stage: PlannedStage | None = None) -> None:
        """A stage began; `stage` tells of one that no plan has."""
        if not self.is_planned:
            self._waiting[key] = _Waiting(stage)
            return
        if stage is not None:
            self._add(session, stage)
        elif key in self._pending:
            self._pending.remove(key)
        record.start_stage(session, self._run_id, self._numbers[key])

    def end(self, session: Session, key: str, end: StageEnd) -> None:
        """A stage ended, whether or not it had begun."""
        if not self.is_planned:
            self._waiting.setdefault(key, _Waiting()).end = end
            return
        record.end_stage(session, self._run_id, self._numbers[key], end)

    def skip_rest(self, session: Session, reason: str) -> None:
        """The planned stages that have not begun will not."""
        for key in self._pending:
            self.end(session, key, StageEnd(status=StageStatus.SKIPPED, reason=reason))
        self._pending = []

    def _add(self, session: Session, stage: PlannedStage) -> None:
        n = len(self._numbers) + 1
        self._numbers[stage.key] = n
        record.save_plan(
            session, self._run_id, [], [Stage(run_id=self._run_id, n=n, **dict(stage))]
        )
        session.flush()
