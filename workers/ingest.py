"""Events of a run's two children into rows, each in one fenced transaction."""

import sys
from contextlib import AbstractContextManager
from dataclasses import replace

from sqlalchemy import Engine
from sqlmodel import Session

from app.models import Category, StageKind, StageStatus, Verdict
from app.models.columns import utc_now
from app.services import record
from app.services.queue import Claim
from app.services.record import StageEnd, fenced
from workers import rows
from workers.events import (
    Blockers,
    Eager,
    Event,
    Failed,
    Finished,
    Loaded,
    Note,
    Planned,
    ProbeKind,
    StageFinished,
    StageStarted,
)
from workers.protocol import WHOLE, OverLimitError
from workers.verdict import Facts, Trouble, judge

# A `failed` of these categories is a limit's or ours: it is not the script's error.
NOT_THE_SCRIPTS = frozenset(
    {Category.OUT_OF_MEMORY, Category.TIMEOUT, Category.CRASH, Category.INTERNAL}
)


class Ingest:
    """Knows the run's plan and facts. Events come in order, checked by protocol.Order.

    The whole stage's number comes after the plan's, so its row waits for the plan, or for the
    staged child's end without one. Its verdict does not wait.
    """

    def __init__(self, engine: Engine, claim: Claim, artefact_bytes: int = sys.maxsize) -> None:
        self.facts = Facts()
        self.troubles: list[Trouble] = []
        self.verdict: Verdict | None = None  # as stored
        self._engine = engine
        self._claim = claim
        self._run_id = claim.run_id
        self._artefact_bytes = artefact_bytes  # that the run may still store
        self._numbers: dict[str, int] = {}  # stage key → n; empty until there is a plan
        self._components: set[str] = set()  # keys of component stages
        self._pending: list[str] = []  # keys of the staged child's stages to come
        self._running: str | None = None  # key of its stage that runs
        self._whole_started = False
        self._whole_end: StageEnd | None = None
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
                with self._write() as session:
                    self._store_plan(session, event)
            case StageStarted():
                self._take_started(kind, event)
            case StageFinished():
                self._take_finished(kind, event)
            case Blockers():
                self._take_blockers(event)
            case Failed():
                self._take_failed(event)
            case Finished(coverage=coverage) if coverage is not None:
                with self._write() as session:
                    record.save_run(session, self._run_id, coverage=rows.to_data(coverage))

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
            self._judge(session)

    def refuse(self, trouble: Trouble) -> None:
        """No child could be started: that is the run's failure."""
        with self._write() as session:
            self._store_failure(session, trouble)

    def save_log(self, text: str, dropped: int) -> None:
        """Replace the run's log."""
        with self._write() as session:
            record.save_log(session, self._run_id, text, dropped)

    def _write(self) -> AbstractContextManager[Session]:
        return fenced(self._engine, self._claim)

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
        with self._write() as session:
            record.save_run(session, self._run_id, eager=rows.to_data(event))
            self._judge(session)

    def _take_started(self, kind: ProbeKind, event: StageStarted) -> None:
        with self._write() as session:
            if kind is ProbeKind.WHOLE:
                self._whole_started = True
                self._sync_whole(session)
                return
            self._pending.remove(event.key)
            self._running = event.key
            record.start_stage(session, self._run_id, self._numbers[event.key])

    def _take_finished(self, kind: ProbeKind, event: StageFinished) -> None:
        end = rows.stage_end(self._run_id, event)  # compresses: not while others wait to write
        self._count_artefacts(event, end)
        with self._write() as session:
            if kind is ProbeKind.WHOLE:
                self._whole_end = end
                self.facts = replace(self.facts, whole=event.status)
                record.save_run(session, self._run_id, whole_at=utc_now())
                self._sync_whole(session)
            else:
                self._running = None
                if event.key in self._components and event.status == StageStatus.PASSED:
                    self.facts = replace(self.facts, component_passed=True)
                record.end_stage(session, self._run_id, self._numbers[event.key], end)
            self._judge(session)

    def _count_artefacts(self, event: StageFinished, end: StageEnd) -> None:
        self._artefact_bytes -= len(event.model_dump_json(exclude={"graph", "code"}))
        if end.graph is not None:
            self._artefact_bytes -= len(end.graph.document) + len(end.graph.code)
        if self._artefact_bytes < 0:
            raise OverLimitError("left more than a run may store", "STAGELIGHT_ARTEFACT_BYTES")

    def _take_failed(self, event: Failed) -> None:
        failure = event.failure
        if failure.category in NOT_THE_SCRIPTS:
            self.troubles.append(Trouble(failure.category, failure.message, failure.hint))
        else:
            self.facts = replace(self.facts, script_failed=True)
        with self._write() as session:
            if not self._has_failure:
                self._has_failure = True
                session.add(rows.failure_row(self._run_id, failure))
            self._judge(session)

    def _store_plan(self, session: Session, plan: Planned | None) -> None:
        components, stages = rows.plan_rows(self._run_id, plan)
        self._numbers = {stage.key: stage.n for stage in stages}
        self._components = {stage.key for stage in stages if stage.kind == StageKind.COMPONENT}
        self._pending = [stage.key for stage in stages if stage.key != WHOLE]
        record.save_plan(session, self._run_id, components, stages)
        session.flush()
        self._sync_whole(session)

    def _sync_whole(self, session: Session) -> None:
        """Bring the whole stage's row, if it has one yet, to what is known."""
        if not self._numbers and self.facts.staged_ended and self._whole_started:
            self._store_plan(session, None)  # which comes back here
        elif self._numbers and self._whole_end is not None:
            record.end_stage(session, self._run_id, self._numbers[WHOLE], self._whole_end)
        elif self._numbers and self._whole_started:
            record.start_stage(session, self._run_id, self._numbers[WHOLE])

    def _end_staged(self, session: Session, trouble: Trouble | None, reason: str) -> bool:
        """Close its stages; returns whether the trouble is one stage's."""
        self.facts = replace(self.facts, staged_ended=True)
        running, self._running = self._running, None
        if running is not None:
            end = self._cut_short(trouble, reason)
            record.end_stage(session, self._run_id, self._numbers[running], end)
        skipped = StageEnd(status=StageStatus.SKIPPED, reason=reason)
        for key in self._pending:
            record.end_stage(session, self._run_id, self._numbers[key], skipped)
        self._pending = []
        if not self._numbers:
            self._sync_whole(session)
        return running is not None

    def _end_whole(self, session: Session, trouble: Trouble | None, reason: str) -> bool:
        """Close the whole stage; returns whether the trouble is its."""
        if self._whole_end is not None:
            return trouble is not None  # after its stage: nothing is lost
        if self._whole_started:
            self._whole_end = self._cut_short(trouble, reason)
        else:
            self._whole_end = StageEnd(status=StageStatus.SKIPPED, reason=reason)
        self._sync_whole(session)
        return self._whole_started

    def _why_not_tried(self) -> str:
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
