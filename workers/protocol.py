"""What one probe process says, line by line, and whether it may say it now. Pure.

The order of events: `staged` says loaded, eager, planned, a pair stage_started and stage_finished
for each stage it tries, finished; `whole` says loaded, one such pair, finished. Between, either may
add stages that no plan knew of, and `whole`, once its stage has failed, blockers. An errand says
loaded, but for the one that has no script; then the one stage that is named as its kind, or its
answer, with the pieces of a file before it; finished. A note may come any time before the end.
`failed` may come instead of any other event but inside a stage, and only finished follows it.
"""

from collections.abc import Iterator
from enum import Enum

from pydantic import ValidationError

from app.collector import without_collector
from app.models import StageKind, StageStatus
from workers import strictjson
from workers.answers.contract import Contract
from workers.answers.reference import Reference
from workers.answers.repro import Repro
from workers.answers.saved import Saved
from workers.answers.trial import Trial
from workers.events import (
    PAIR,
    Blockers,
    Eager,
    Failed,
    Finished,
    Loaded,
    Note,
    Piece,
    Planned,
    PlannedStage,
    ProbeKind,
    StageFinished,
    StageStarted,
)
from workers.vocabulary import EVENTS, Event

WHOLE = "whole"  # the key of the whole stage

STAGE_ERRANDS = (ProbeKind.STRICT, ProbeKind.DRAFT, ProbeKind.ONNX, ProbeKind.LOADER)
ANSWERS: dict[ProbeKind, type[Event]] = {
    ProbeKind.SAVER: Saved,
    ProbeKind.REFERENCE: Reference,
    ProbeKind.TRIAL: Trial,
    ProbeKind.CONTRACT: Contract,
    ProbeKind.REPRO: Repro,
}
BARE = (ProbeKind.LOADER, ProbeKind.REPRO)  # errands that begin without a script's model
PIECES = (ProbeKind.SAVER, ProbeKind.REFERENCE)  # errands that give a file before their answer

NOTES = 200  # a child may make
EXTRA_STAGES = 100  # a child may add

# Bytes of a line, for events that are kept in one piece in the run's own row.
LINE_BYTES = {Loaded: 2**20, Eager: 8 * 2**20, Planned: 2**20}


class ProtocolError(Exception):
    """The probe said what it may not. It is ended for it; the text says what it was."""


class OverLimitError(ProtocolError):
    """It said more than it may. `setting` is the variable that raises the limit."""

    def __init__(self, what: str, setting: str) -> None:
        super().__init__(what)
        self.setting = setting


class LineReader:
    """Cuts a stream into lines. Each line and all of them together are capped, in bytes."""

    def __init__(self, line_bytes: int, total_bytes: int) -> None:
        self._line_bytes = line_bytes
        self._total_bytes = total_bytes
        self._seen = 0
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that `data` completes; ProtocolError once a cap is passed.

        What a line that never ends has so far is dropped: its writer is gone, and its exit
        status says how.
        """
        self._seen += len(data)
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._buffer += end
            self._check_line()
            line = bytes(self._buffer)
            self._buffer.clear()
            yield line
        self._buffer += rest
        self._check_line()
        if self._seen > self._total_bytes:
            what = f"sent more than {self._total_bytes:,} bytes of events"
            raise OverLimitError(what, "STAGELIGHT_EVENTS_BYTES")

    def _check_line(self) -> None:
        if len(self._buffer) > self._line_bytes:
            what = f"sent an event of more than {self._line_bytes:,} bytes"
            raise OverLimitError(what, "STAGELIGHT_EVENT_BYTES")


@without_collector()
def parse_line(line: bytes) -> Event:
    """One event; ProtocolError says what is wrong with it."""
    try:
        event = EVENTS.validate_python(strictjson.parse(line))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:200]
        raise ProtocolError(f"it sent what is no event: {where}: {first['msg'][:200]}") from None
    except ValueError as error:
        raise ProtocolError(f"it sent what is not JSON: {error}") from None
    cap = LINE_BYTES.get(type(event))
    if cap is not None and len(line) > cap:
        raise ProtocolError(f"its event {event.type!r} has more than {cap:,} bytes")
    return event


class _Phase(Enum):
    """Where a child is."""

    NEW = "before loaded"
    LOADED = "after loaded"
    EAGER = "after eager"
    READY = "between stages"
    STAGE = "inside a stage"
    FAILED = "after failed"
    FINISHED = "after finished"


class Order:
    """Follows one child through its events, and refuses the one that is out of order."""

    def __init__(self, kind: ProbeKind) -> None:
        self.kind = kind
        self._phase = _Phase.NEW
        self._notes = 0
        self._pending: set[str] = set()
        self._stage = ""
        self._known: set[str] = set()  # keys of planned and added stages
        self._extra = 0
        self._whole_failed = False
        self._answer = ANSWERS.get(kind)
        if kind in STAGE_ERRANDS:
            self._known = self._pending = {kind.value}
        if kind in BARE:
            self._phase = _Phase.READY

    @property
    def done(self) -> bool:
        """Whether it said all that it has to say: it failed, or it finished."""
        return self._phase in (_Phase.FAILED, _Phase.FINISHED)

    def accept(self, event: Event) -> None:
        """Take one more event; ProtocolError if this is not its time."""
        match event:
            case Note():
                self._take_note(event)
            case Loaded():
                self._require(event, _Phase.NEW)
                self._phase = _Phase.LOADED if self.kind is ProbeKind.STAGED else _Phase.READY
                if self.kind is ProbeKind.WHOLE:
                    self._known, self._pending = {WHOLE}, {WHOLE}
            case Eager():
                self._require(event, _Phase.LOADED)
                self._phase = _Phase.EAGER
            case Planned():
                self._require(event, _Phase.EAGER)
                self._phase, self._pending = _Phase.READY, _plan_keys(event)
                self._known = set(self._pending)
            case StageStarted() | StageFinished():
                self._take_stage(event)
            case Blockers():
                self._take_blockers(event)
            case Failed():
                self._take_failed(event)
            case Finished():
                self._take_finished(event)
            case _:
                self._take_answer(event)

    def _take_answer(self, event: Event) -> None:
        self._require(event, _Phase.READY)
        if isinstance(event, Piece):
            if self.kind not in PIECES or self._answer is None:
                raise ProtocolError("it sent a piece of what nobody asked for")
        elif self._answer is None or not isinstance(event, self._answer):
            raise ProtocolError(f"its event {event.type!r} is no answer to what it was asked")
        else:
            self._answer = None

    def _take_note(self, event: Note) -> None:
        self._notes += 1
        if self._notes > NOTES:
            raise ProtocolError(f"it made more than {NOTES} notes")
        self._require(event, *(phase for phase in _Phase if phase is not _Phase.FINISHED))

    def _take_stage(self, event: StageStarted | StageFinished) -> None:
        if isinstance(event, StageStarted):
            self._require(event, _Phase.READY)
            if event.stage is not None:
                self._add_stage(event.stage, event.key)
            if event.key not in self._pending:
                raise ProtocolError(f"stage {event.key!r} is not planned, or was tried before")
            self._pending.remove(event.key)
            self._phase, self._stage = _Phase.STAGE, event.key
            return
        self._require(event, _Phase.STAGE)
        if event.key != self._stage:
            raise ProtocolError(f"stage {event.key!r} ended while {self._stage!r} was running")
        _check_end(event)
        if event.key == WHOLE:
            self._whole_failed = event.status == StageStatus.FAILED
        self._phase = _Phase.READY

    def _add_stage(self, stage: PlannedStage, key: str) -> None:
        """One that no plan has: a part after its component; after the whole stage a bypass where
        it failed, the one that is decomposed where it passed.
        """
        wanted = StageKind.PART
        if self.kind not in PAIR:
            raise ProtocolError(f"stage {key!r} is not one to add")
        if self.kind is ProbeKind.WHOLE:
            wanted = StageKind.BYPASS if self._whole_failed else StageKind.DECOMPOSED
        if wanted is StageKind.DECOMPOSED and key != wanted:
            raise ProtocolError(f"stage {key!r} is not one to add")
        self._extra += 1
        if self._extra > EXTRA_STAGES:
            raise ProtocolError(f"it added more than {EXTRA_STAGES} stages")
        if stage.key != key or stage.kind != wanted or key in self._known:
            raise ProtocolError(f"stage {key!r} is not one to add")
        if WHOLE in self._pending:
            raise ProtocolError(f"stage {key!r} came before the whole stage")
        self._known.add(key)
        self._pending.add(key)

    def _take_blockers(self, event: Blockers) -> None:
        self._require(event, _Phase.READY, _Phase.STAGE)  # a bypass may not have ended
        if self.kind is not ProbeKind.WHOLE or not self._whole_failed:
            raise ProtocolError("it told blockers of what had not failed")

    def _take_failed(self, event: Failed) -> None:
        phases = [_Phase.NEW, _Phase.LOADED, _Phase.EAGER]
        if self._pending or self._answer:  # instead of what was still to come
            phases.append(_Phase.READY)
        self._require(event, *phases)
        self._phase = _Phase.FAILED

    def _take_finished(self, event: Finished) -> None:
        self._require(event, _Phase.READY, _Phase.FAILED)
        if self._phase is _Phase.READY and self.kind is not ProbeKind.STAGED:
            if self._pending:
                raise ProtocolError(f"it finished without the {self._pending.pop()} stage")
            if self._answer is not None:
                raise ProtocolError("it finished without its answer")
        self._phase = _Phase.FINISHED

    def _require(self, event: Event, *phases: _Phase) -> None:
        if self._phase not in phases:
            raise ProtocolError(f"its event {event.type!r} came {self._phase.value}")


def _plan_keys(event: Planned) -> set[str]:
    keys = {stage.key for stage in event.stages}
    if len(keys) != len(event.stages):
        raise ProtocolError("it planned two stages with one key")
    if WHOLE in keys or any(stage.kind == StageKind.WHOLE for stage in event.stages):
        raise ProtocolError("it planned the whole stage, which is not its to plan")
    return keys


def _check_end(event: StageFinished) -> None:
    ends = {StageStatus.PASSED, StageStatus.FAILED}
    if event.key != WHOLE:
        ends.add(StageStatus.SKIPPED)
    if event.status not in ends:
        raise ProtocolError(f"stage {event.key!r} ended as {event.status.value!r}")
    if event.status == StageStatus.FAILED and event.failure is None:
        raise ProtocolError(f"stage {event.key!r} failed without a failure")
