"""One stage: export, capture, guards, replay, and the event that says what came of it."""

import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .call import Call
from .capture import capture, capture_partial, code_of
from .diagnose import Finding, Scene, findings_of, report
from .dynamic import auto_dims, static_dims
from .emit import TEXT, Emitter, cap
from .expressions import in_words
from .frames import Frame, Places
from .replay import OTHER_SIZES, replay
from .returns import return_of
from .snapshot import Snapshot
from .specs import input_specs, specs_of
from .torch_guards import GuardLog, recorded_guards, symbol_meanings
from .torch_noise import no_partial_graphs
from .torch_partial import graph_before
from .torch_state import lost_attributes
from .torch_symbols import recorded_births

Program = torch.export.ExportedProgram


@dataclass(frozen=True)
class Attempt:
    """What a stage exports, and the eager code that it must equal."""

    key: str
    export: Callable[[], Program]
    eager: Callable[..., Any]
    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    around: Callable[[Scene], AbstractContextManager[Any]] = nullcontext  # of the export
    not_replayed: str = ""  # why it is not to be compared with eager
    other_sizes: int = OTHER_SIZES  # that it is compared on, beside the inputs' own
    detail: Callable[[Program], dict[str, Any]] | None = None  # what only its kind has to say


@dataclass(frozen=True)
class Outcome:
    """What an attempt gave: a program, or an error and what it says."""

    program: Program | None
    error: BaseException | None
    findings: list[Finding]
    scene: Scene


@dataclass(frozen=True)
class Bench:
    """What all stages of this process share."""

    call: Call
    places: Places
    emitter: Emitter
    snapshot: Snapshot  # of the call's whole model

    def run(self, attempt: Attempt, stage: dict[str, Any] | None = None) -> Outcome:
        """Make the attempt and emit what came of it. `stage` describes one that no plan has."""
        told = {} if stage is None else {"stage": stage}
        self.emitter.emit("stage_started", key=attempt.key, **told)
        self.snapshot.restore()
        program, error = None, None
        with (
            no_partial_graphs(),
            recorded_guards(self.places) as guards,
            recorded_births(self.places) as births,
            lost_attributes() as lost,
        ):
            scene = Scene(self.call, guards, births)
            started = time.perf_counter()
            try:
                with attempt.around(scene):
                    program = attempt.export()
            except BaseException as raised:  # sys.exit() in a forward is a result as well
                error = raised
            seconds = time.perf_counter() - started
        fields = {
            "key": attempt.key,
            "seconds": seconds,
            "inputs": input_specs(attempt.args, attempt.kwargs),
        }
        findings: list[Finding] = []
        if program is not None:
            self._passed(attempt, program, guards, lost, fields)
        else:
            assert error is not None
            findings = findings_of(error, scene)
            if findings[0].category == "unsupported_output":
                findings[0].culprit = self._return_of(attempt) or findings[0].culprit
            self._failed(error, findings[0], guards, fields)
        self.snapshot.restore()
        return Outcome(program, error, findings, scene)

    def skip(self, key: str, reason: str) -> None:
        """Say why a stage was not tried."""
        self.emitter.emit("stage_started", key=key)
        self.emitter.emit("stage_finished", key=key, status="skipped", reason=cap(reason))

    def _return_of(self, attempt: Attempt) -> Frame | None:
        """The line that gave what export does not return."""
        self.snapshot.restore()
        model, inputs = attempt.model, (attempt.args, attempt.kwargs)
        return return_of(type(model).forward, attempt.eager, *inputs, self.places)

    def _failed(
        self, error: BaseException, finding: Finding, guards: GuardLog, fields: dict[str, Any]
    ) -> None:
        graph = None
        try:
            if partial := graph_before(error):
                names = guards.names
                graph = capture_partial(partial, self.places, lambda symbol: names.get(symbol, ""))
        except Exception:
            traceback.print_exc()  # a failure without its graph says nearly as much
        self.emitter.emit(
            "stage_finished",
            status="failed",
            graph=graph,
            guards=guards.as_events(auto_dims(self.call)),
            failure=report(finding, self.places),
            **fields,
        )

    def _passed(
        self,
        attempt: Attempt,
        program: Program,
        guards: GuardLog,
        lost: list[str],
        fields: dict[str, Any],
    ) -> None:
        outputs: list[dict[str, Any]] = []
        graph, code, detail = None, "", None
        meanings = guards.names | symbol_meanings(program)
        try:
            graph = capture(program, self.places, lambda symbol: meanings.get(symbol, ""))
            code = code_of(program, self.places)
            outputs = _output_specs(program)
            detail = attempt.detail(program) if attempt.detail else None
        except Exception:
            traceback.print_exc()
            self.emitter.note(
                "capture_failed",
                f"{attempt.key} exported, but its graph could not be read; the log has the stack.",
            )
        self.emitter.emit(
            "stage_finished",
            status="passed",
            graph=graph,
            code=code,
            outputs=outputs,
            detail=detail,
            guards=[
                *guards.as_events(asked := auto_dims(self.call)),
                *static_dims(program, asked - guards.fixed),
                *_ranges(program, meanings),
            ],
            replay=self._replay(attempt, program, lost),
            **fields,
        )

    def _replay(self, attempt: Attempt, program: Program, lost: list[str]) -> dict[str, Any]:
        if attempt.not_replayed:
            return {"status": "not_run", "why": cap(attempt.not_replayed)}
        if lost:
            self.emitter.note(
                "state_lost",
                f"{', '.join(lost)} is assigned in forward, and the exported program does not "
                "keep it: each of its calls starts from what was there at export. Register it "
                "with register_buffer, or pass it in and return it.",
            )
        inputs = attempt.args, attempt.kwargs
        return replay(
            program,
            attempt.eager,
            self.snapshot,
            *inputs,
            twice=bool(lost),
            sizes=attempt.other_sizes,
        )


def _output_specs(program: Program) -> list[dict[str, Any]]:
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    return [
        {**item, "name": cap(name)}
        for name in program.graph_signature.user_outputs
        for item in specs_of(values.get(name) if isinstance(name, str) else name)
    ]


def _ranges(program: Program, meanings: dict[str, str]) -> list[dict[str, Any]]:
    ranges = []
    for symbol, bounds in program.range_constraints.items():
        text = f"{bounds.lower} <= {symbol} <= {bounds.upper}"
        ranges.append(
            {
                "kind": "range",
                "expression": cap(text, TEXT),
                "meaning": cap(in_words(text, meanings), TEXT),
            }
        )
    return ranges
