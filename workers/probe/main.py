"""One process: load the script, do the job's work on its export call, say what came of it.

Exit status 0 means that the last event was written. INTERNAL means that the probe itself failed;
its traceback is in the log.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import torch

from .call import Call
from .catch import Catcher
from .contract import run_contract
from .devices import map_missing_cuda
from .diagnose import script_failure
from .draft import run_draft
from .emit import SHORT, Emitter, cap
from .environment import environment
from .errors import ScriptError
from .explain import script_hint
from .frames import Places
from .job import Job, read_job
from .load import apply_options, load_call
from .loader import run_loader
from .reference import run_reference
from .refused import tell_of_system
from .repro import run_repro
from .saver import run_saver
from .seeds import seed
from .specs import count_elements, dtype_name
from .staged import run_staged
from .strict import run_strict
from .to_onnx import run_onnx
from .trial import run_trial
from .weights import tolerate_missing_weights
from .whole import run_whole

INTERNAL = 70  # EX_SOFTWARE

# What is done with a script's export call, by the kind of the job. None of them returns.
WORKS: dict[str, Callable[[Job, Places, Emitter, Call], NoReturn]] = {
    "whole": run_whole,
    "saver": run_saver,
    "strict": run_strict,
    "draft": run_draft,
    "onnx": run_onnx,
    "reference": run_reference,
    "trial": run_trial,
    "contract": run_contract,
}
SEEDED = ("reference", "trial")  # their scripts make the same model, each in its process
# What is done without a script.
BARE: dict[str, Callable[[Job, Places, Emitter], NoReturn]] = {
    "loader": run_loader,
    "repro": run_repro,
}


def main(fields: dict[str, Any], events: int) -> NoReturn:
    """Run one job, with its events written to the descriptor `events`."""
    job = read_job(fields)
    torch.set_num_threads(job.threads)
    Probe(job, Emitter(events)).run()


class Probe:
    """One job from its script to its last event."""

    def __init__(self, job: Job, emitter: Emitter) -> None:
        self._job = job
        self._emitter = emitter
        self._places = Places(job.root, sealed=job.sealed)
        self._started = time.perf_counter()

    def run(self) -> NoReturn:
        """Load the script and do the work; ends the process."""
        if self._job.sealed:
            tell_of_system(self._emitter)
        if self._job.probe in BARE:
            self._work_bare()
        if self._job.probe in SEEDED:
            seed()
        tolerate_missing_weights(self._emitter)
        map_missing_cuda(self._job, self._emitter)
        catcher = Catcher(self._job, self._places, self._work_on_caught)
        try:
            call, stages = load_call(self._job, catcher)
        except BaseException as error:
            self._fail(error)
        self._work(call, stages)

    def _work_on_caught(self, call: Call) -> NoReturn:
        self._work(call, vars(sys.modules["__main__"]).get("stages"))

    def _work_bare(self) -> NoReturn:
        try:
            BARE[self._job.probe](self._job, self._places, self._emitter)
        except BaseException:
            _die()

    def _work(self, call: Call, script_stages: Any) -> NoReturn:
        """Runs inside the script's own frames: nothing it raises may reach them."""
        try:
            call = apply_options(call, self._job)
            self._emitter.emit("loaded", **self._loaded(call))
            if self._job.probe == "staged":
                run_staged(self._job, self._places, self._emitter, call, script_stages)
            WORKS[self._job.probe](self._job, self._places, self._emitter, call)
        except ScriptError as error:
            self._fail(error)
        except BaseException:
            _die()

    def _fail(self, error: BaseException) -> NoReturn:
        failure = script_failure(error, self._places, "script_error", script_hint(error))
        self._emitter.emit("failed", failure=failure)
        self._emitter.finish()

    def _loaded(self, call: Call) -> dict[str, Any]:
        parameters = list(call.model.parameters())
        tensors = [*parameters, *call.model.buffers()]
        return {
            "form": call.form,
            "model_class": cap(type(call.model).__qualname__, SHORT),
            "parameters": count_elements(parameters),
            "buffers": count_elements(call.model.buffers()),
            "dtypes": sorted({dtype_name(tensor.dtype) for tensor in tensors}),
            "devices": sorted({str(tensor.device) for tensor in tensors}),
            "training": call.model.training,
            "strict": call.strict,
            "dynamic_shapes": "" if call.dynamic_shapes is None else cap(call.dynamic_shapes),
            "calls": call.listed,
            "environment": environment(self._job.root),
            "seconds": time.perf_counter() - self._started,
        }


def _die() -> NoReturn:
    """End for an error of the probe's own, told in the log."""
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(INTERNAL)
