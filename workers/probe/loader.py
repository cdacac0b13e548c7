"""The kind `loader`: loads a saved program where the script has never run, and replays it."""

import time
from collections.abc import Callable
from typing import Any, NoReturn

import torch
from torch.utils import _pytree as pytree

from .diagnose import script_failure
from .emit import Emitter
from .frames import Places
from .job import Job
from .replay import case_of, summed
from .saver import CASES, PROGRAM
from .torch_load import load

KEY = "loader"

Program = torch.export.ExportedProgram


def run_loader(job: Job, places: Places, emitter: Emitter) -> NoReturn:
    """Load the program, compare it with what eager gave elsewhere, and end the process."""
    emitter.emit("stage_started", key=KEY)
    started = time.perf_counter()
    try:
        program = load(job.root / PROGRAM)
    except Exception as error:
        failure = script_failure(error, places, "serialization")
        emitter.emit("stage_finished", key=KEY, status="failed", failure=failure)
        emitter.finish()
    seconds = time.perf_counter() - started
    cases = torch.load(job.root / CASES, weights_only=True)
    restore = _restorer(program)
    replayed = summed([_replayed(program, case, restore) for case in cases])
    emitter.emit("stage_finished", key=KEY, status="passed", seconds=seconds, replay=replayed)
    emitter.finish()


def _replayed(
    program: Program, case: dict[str, Any], restore: Callable[[], None]
) -> dict[str, Any]:
    if "why" in case:
        return {"sizes": case["sizes"], "status": "not_run", "why": case["why"], "outputs": []}
    spec = program.call_spec

    def both() -> tuple[Any, Any]:
        restore()
        args, kwargs = pytree.tree_unflatten(case["inputs"], spec.in_spec)
        torch.random.set_rng_state(case["seed"])
        actual = program.module()(*args, **kwargs)
        return pytree.tree_unflatten(case["outputs"], spec.out_spec), actual

    return case_of(both, case["sizes"])


def _restorer(program: Program) -> Callable[[], None]:
    """Puts the buffers back, which a call may change, to what was saved."""
    kept = [(buffer, buffer.clone()) for _, buffer in program.named_buffers()]

    def restore() -> None:
        for buffer, value in kept:
            buffer.copy_(value)

    return restore
