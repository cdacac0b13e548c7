"""Events of a run's two children into rows, each in one fenced transaction."""

import sys
from contextlib import AbstractContextManager
from dataclasses import replace

from sqlalchemy import Engine
from sqlmodel import Session

from app.models import Category, Search, StageKind, StageStatus, Verdict
from app.models.columns import utc_now
from app.services import record
from app.services.queue import Claim
from app.services.record import StageEnd, fenced
from workers import rows
from workers.coverage import Coverage
from workers.events import (
    Blockers,
    Eager,
    Failed,
    Loaded,
    Note,
    Planned,
    PlannedStage,
    ProbeKind,
    StageFinished,
    StageStarted,
)
from workers.ledger import Ledger
from workers.protocol import WHOLE, OverLimitError
from workers.verdict import Facts, Trouble, judge
from workers.vocabulary import Event

# A `failed` of these categories is a limit's or ours: it is not the script's error.
NOT_THE_SCRIPTS = frozenset(
    {Category.OUT_OF_MEMORY, Category.TIMEOUT, Category.CRASH, Category.INTERNAL}
)


class Ingest:
    """Knows the run's facts. Events come in order, checked by protocol.Order."""

    def __init__(self, engine: Engine, claim: Claim, artefact_bytes: int = sys.maxsize) -> None:
        self.facts = Facts()
        self.troubles: list[Trouble] = []
        self.verdict: Verdict | None = None  # as stored
        self._engine = engine
        self._claim = claim
        self._run_id = claim.run_id
        self._artefact_bytes = artefact_bytes  # that the run may still store
        self.ledger = Ledger(claim.run_id)
        self._coverage = Coverage()
        self._stages: dict[str, PlannedStage] = {}  # planned and added ones
        self._running: dict[ProbeKind, str] = {}  # key of each child's stage that runs
        self._whole_started = False
        self._notes: list[dict[str, str]] = []
        self._has_loaded = False
        self._has_failure = False  # of the run itself

    def take(self, kind: ProbeKind, event: Event) -> None:
        """Store one event.

        Raises:
            LostRunError: the run is not ours any more.
            OverLimitError: it has stored as much as it may, and this is left out.
        """
        match event:
            case Note():
                self._take_note(event)
            case Loaded():
                self._take_loaded(kind, event)
            case Eager():
                self._take_eager(event)
            case Planned():
                self._take_planned(event)
            case StageStarted():
                self._take_started(kind, event)
            case StageFinished():
                self._take_finished(kind, event)
            case Blockers():
                self._take_blockers(event)
            case Failed():
                self._take_failed(event)
            case _:
                pass  # finished: the end of the process says the same; answers are not a pair's

    def end(self, kind: ProbeKind, trouble: Trouble | None = None, reason: str = "") -> None:
        """A child ended: by itself, with a trouble, or dismissed for a reason."""
        if trouble is not None:
            self.troubles.append(trouble)
            reason = trouble.message
        reason = reason or self._why_not_tried()
        with self._write() as session:
            if kind is ProbeKind.STAGED:
                blamed = self._end_staged(session, trouble, reason)
            else:
                blamed = self._end_whole(session, trouble, reason)
            if trouble is not None and not blamed:
                self._store_failure(session, trouble)
            self._save_coverage(session)
            self._judge(session)

    def refuse(self, trouble: Trouble) -> None:
        """No child could be started: that is the run's failure."""
        with self._write() as session:
            self._store_failure(session, trouble)

    def spend(self, size: int) -> None:
        """Count bytes that are to be stored; OverLimitError where the run has none left."""
        self._artefact_bytes -= size
        if self._artefact_bytes < 0:
            raise OverLimitError("left more than a run may store", "STAGELIGHT_ARTEFACT_BYTES")

    def save_log(self, text: str, dropped: int) -> None:
        """Replace the run's log."""
        with self._write() as session:
            record.save_log(session, self._run_id, text, dropped)

    def _write(self) -> AbstractContextManager[Session]:
        return fenced(self._engine, self._claim)

    def note(self, code: str, message: str) -> None:
        """Tell the person something of the run that the worker saw."""
        self._take_note(Note(type="note", code=code, message=message))

    def _take_note(self, event: Note) -> None:
        note = rows.to_data(event)
        if note not in self._notes:  # both children say most of them
            self._notes.append(note)
            with self._write() as session:
                record.save_run(session, self._run_id, notes=self._notes)

    def _take_loaded(self, kind: ProbeKind, event: Loaded) -> None:
        if kind is ProbeKind.STAGED or not self._has_loaded:
            self._has_loaded = True
            with self._write() as session:
                record.save_run(session, self._run_id, loaded=rows.to_data(event))

    def _take_eager(self, event: Eager) -> None:
        self.facts = replace(self.facts, eager=True)
        self._coverage.called(event.modules)
        with self._write() as session:
            record.save_run(session, self._run_id, eager=rows.to_data(event))
            self._judge(session)

    def _take_planned(self, event: Planned) -> None:
        self._stages |= {stage.key: stage for stage in event.stages}
        with self._write() as session:
            self.ledger.plan(session, event)

    def _take_started(self, kind: ProbeKind, event: StageStarted) -> None:
        self._running[kind] = event.key
        if event.stage is not None:
            self._stages[event.key] = event.stage
        with self._write() as session:
            self.ledger.start(session, event.key, event.stage)
            if event.key == WHOLE:
                self._whole_started = True
                self._settle(session)

    def _take_finished(self, kind: ProbeKind, event: StageFinished) -> None:
        end = rows.stage_end(self._run_id, event)  # compresses: not while others wait to write
        end = self._spend_on(event, end)
        self._running.pop(kind, None)
        stage = self._stages.get(event.key)
        kind_of_stage = stage.kind if stage else StageKind.WHOLE
        self._coverage.add_stage(
            kind_of_stage,
            stage.component if stage else None,
            event.status,
            event.graph,
        )
        with self._write() as session:
            self.ledger.end(session, event.key, end)
            if event.key == WHOLE:
                self.facts = replace(self.facts, whole=event.status)
                record.save_run(session, self._run_id, whole_at=utc_now())
            elif kind_of_stage is StageKind.COMPONENT and event.status == StageStatus.PASSED:
                self.facts = replace(self.facts, component_passed=True)
            self._judge(session)

    def _take_blockers(self, event: Blockers) -> None:
        if self._is_script_s_fault:  # then no export is to blame
            return
        self._coverage.add_blockers(event.blockers)
        found = rows.blocker_rows(self._run_id, event.blockers)
        with self._write() as session:
            search = {"complete": event.complete, "reason": event.reason}
            record.save_blockers(session, self._run_id, found, search)

    def _save_coverage(self, session: Session) -> None:
        if self.facts.eager:
            record.save_run(session, self._run_id, coverage=self._coverage.as_data())

    def _spend_on(self, event: StageFinished, end: StageEnd) -> StageEnd:
        size = len(event.model_dump_json(exclude={"graph", "code"}))
        if end.graph is not None:
            size += len(end.graph.document) + len(end.graph.code)
        self.spend(size)
        return replace(end, stored=size)

    def _take_failed(self, event: Failed) -> None:
        failure = event.failure
        if failure.category in NOT_THE_SCRIPTS:
            self.troubles.append(Trouble(failure.category, failure.message, failure.hint))
        elif failure.category is Category.EAGER_ERROR:
            self.facts = replace(self.facts, eager_failed=True)
        else:
            self.facts = replace(self.facts, script_failed=True)
        with self._write() as session:
            if self._is_script_s_fault:
                record.forget_blockers(session, self._run_id)
            if not self._has_failure:
                self._has_failure = True
                session.add(rows.failure_row(self._run_id, failure))
            self._judge(session)

    def _settle(self, session: Session) -> None:
        """Give the whole stage its row where no plan will come."""
        if self.facts.staged_ended and self._whole_started and not self.ledger.is_planned:
            self.ledger.plan(session, None)

    def _end_staged(self, session: Session, trouble: Trouble | None, reason: str) -> bool:
        """Close its stages; returns whether the trouble is one stage's."""
        self.facts = replace(self.facts, staged_ended=True)
        running = self._running.pop(ProbeKind.STAGED, None)
        if running is not None:
            self.ledger.end(session, running, self._cut_short(trouble, reason))
        self.ledger.skip_rest(session, reason)
        self._settle(session)
        return running is not None

    def _end_whole(self, session: Session, trouble: Trouble | None, reason: str) -> bool:
        """Close its stages; returns whether the trouble is one of theirs."""
        running = self._running.pop(ProbeKind.WHOLE, None)
        if running is not None:
            self.ledger.end(session, running, self._cut_short(trouble, reason))
        elif self.facts.whole is None:
            self.ledger.end(session, WHOLE, StageEnd(status=StageStatus.SKIPPED, reason=reason))
        if self.facts.whole == StageStatus.FAILED and trouble is not None:  # cut its search short
            search = {"complete": Search.CAPPED, "reason": trouble.message}
            record.save_run(session, self._run_id, search=search)
        return running is not None or self.facts.whole is not None

    @property
    def _is_script_s_fault(self) -> bool:
        return self.facts.script_failed or self.facts.eager_failed

    def _why_not_tried(self) -> str:
        if self.facts.eager_failed:
            return "The model fails in eager, without any export."
        if self.facts.script_failed:
            return "The script itself failed."
        return self.troubles[0].message if self.troubles else "The probe ended before it."

    def _cut_short(self, trouble: Trouble | None, reason: str) -> StageEnd:
        if trouble is None:
            return StageEnd(status=StageStatus.SKIPPED, reason=reason)
        failure = rows.trouble_row(self._run_id, trouble)
        return StageEnd(status=StageStatus.FAILED, reason=reason, failure=failure)

    def _store_failure(self, session: Session, trouble: Trouble) -> None:
        if not self._has_failure:
            self._has_failure = True
            session.add(rows.trouble_row(self._run_id, trouble))

    def _judge(self, session: Session) -> None:
        verdict = judge(self.facts)
        if verdict is not None and verdict != self.verdict:
            self.verdict = verdict
            record.save_verdict(session, self._run_id, verdict)
