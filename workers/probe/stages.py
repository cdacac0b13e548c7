"""One stage: export, capture, guards, replay, and the event that says what came of it."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .call import Call
from .capture import capture, code_of
from .diagnose import export_failure
from .dynamic import auto_dims
from .emit import TEXT, Emitter, cap
from .frames import Places
from .replay import replay
from .snapshot import Snapshot
from .specs import input_specs, specs_of
from .torch_guards import GuardLog, in_words, recorded_guards, symbol_meanings
from .torch_noise import no_partial_graphs

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


@dataclass(frozen=True)
class Bench:
    """What all stages of this process share."""

    call: Call
    places: Places
    emitter: Emitter
    snapshot: Snapshot  # of the call's whole model

    def run(self, attempt: Attempt) -> Program | None:
        """Make the attempt and emit what came of it; the program, if export gave one."""
        self.emitter.emit("stage_started", key=attempt.key)
        self.snapshot.restore()
        program, error = None, None
        with no_partial_graphs(), recorded_guards(self.places) as guards:
            started = time.perf_counter()
            try:
                program = attempt.export()
            except BaseException as raised:  # sys.exit() in a forward is a result as well
                error = raised
            seconds = time.perf_counter() - started
        fields = {
            "key": attempt.key,
            "seconds": seconds,
            "inputs": input_specs(attempt.args, attempt.kwargs),
        }
        if program is not None:
            self._passed(attempt, program, guards, fields)
        else:
            assert error is not None
            self.emitter.emit(
                "stage_finished",
                status="failed",
                guards=guards.as_events(auto_dims(self.call)),
                failure=export_failure(error, attempt.model, self.call, guards),
                **fields,
            )
        self.snapshot.restore()
        return program

    def skip(self, key: str, reason: str) -> None:
        """Say why a stage was not tried."""
        self.emitter.emit("stage_started", key=key)
        self.emitter.emit("stage_finished", key=key, status="skipped", reason=cap(reason))

    def _passed(
        self, attempt: Attempt, program: Program, guards: GuardLog, fields: dict[str, Any]
    ) -> None:
        outputs: list[dict[str, Any]] = []
        graph, code = None, ""
        meanings = guards.names | symbol_meanings(program)
        try:
            graph = capture(program, self.places, lambda symbol: meanings.get(symbol, ""))
            code = code_of(program, self.places)
            outputs = _output_specs(program)
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
            guards=guards.as_events(auto_dims(self.call)) + _ranges(program, meanings),
            replay=replay(program, attempt.eager, self.snapshot, attempt.args, attempt.kwargs),
            **fields,
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
