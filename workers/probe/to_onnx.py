"""The kind `onnx`: torch.onnx.export of the whole model's program, and a replay of what it gives.

The replay runs on ONNX's reference evaluator, which is NumPy: slow, so it has a limit of its own.
Other operators round otherwise, so a few elements past the tolerance are no fault of the model.
"""

import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NoReturn

import torch

from .call import Call
from .categories import category_of, chain_of
from .decomposed import quiet
from .diagnose import script_failure
from .emit import MESSAGE, TEXT, Emitter, cap
from .frames import Places
from .job import Job
from .outputs import tensor_leaves
from .replay import case_of, run_from, summed
from .snapshot import Snapshot, clone_tensors
from .torch_onnx import untranslated

KEY = "onnx"
NEEDED = ("onnxscript", "onnx")

Program = torch.export.ExportedProgram


def run_onnx(job: Job, places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Translate the whole model, and end the process. Its work limits the replay, in seconds."""
    emitter.emit("stage_started", key=KEY)
    if any(find_spec(name) is None for name in NEEDED):
        reason = "onnxscript is not in this runtime: pip install onnxscript onnx"
        emitter.emit("stage_finished", key=KEY, status="skipped", reason=reason)
        emitter.finish()
    snapshot = Snapshot(call.model)
    started, program = time.perf_counter(), None
    try:
        with quiet():
            program = call.export()
            started = time.perf_counter()
            made = torch.onnx.export(program, dynamo=True, verbose=False)
    except BaseException as error:  # sys.exit() in a forward is a result as well
        seconds = time.perf_counter() - started
        emitter.emit(
            "stage_finished",
            key=KEY,
            status="failed",
            seconds=seconds,
            **_failed(error, program, places),
        )
        emitter.finish()
    seconds = time.perf_counter() - started
    snapshot.restore()
    emitter.emit(
        "stage_finished",
        key=KEY,
        status="passed",
        seconds=seconds,
        detail=_detail(program),
        replay=_replayed(made, call, snapshot, job.work["replay_seconds"]),
    )
    emitter.finish()


def _failed(error: BaseException, program: Program | None, places: Places) -> dict[str, Any]:
    """The failure, with the operators that stop the translation where the export itself passed."""
    detail = None if program is None else _detail(program)
    names = [one["name"] for one in detail["outside"]] if detail else []
    reason = f"There is no translation of {', '.join(names)}." if names else ""
    hint = "Use other operators, or give torch.onnx.export a custom_translation_table."
    failure = script_failure(error, places, category_of(error, []), hint if names else "")
    told = failure | {"message": _message(error, places)}
    return {"failure": told, "detail": detail, "reason": cap(reason, TEXT)}


def _message(error: BaseException, places: Places) -> str:
    """What the exporter says, without the steps that it tells of in colours, innermost last."""
    links = chain_of(error)
    texts = [str(link).strip() or type(link).__name__ for link in links[1:] or links]
    return cap(places.shortened("\n".join(texts)), MESSAGE)


def _detail(program: Program) -> dict[str, Any] | None:
    try:
        with quiet():
            return untranslated(program)
    except Exception:
        traceback.print_exc()  # what the exporter said itself stands without it
        return None


def _replayed(made: Any, call: Call, snapshot: Snapshot, seconds: float) -> dict[str, Any]:
    """The ONNX model against eager on the run's own inputs, by leaves: ONNX has no structure."""
    inputs = call.args, call.kwargs
    seed = torch.random.get_rng_state()

    def both() -> tuple[Any, Any]:
        expected = run_from(call.model, snapshot, inputs, seed, 1)
        args, kwargs = clone_tensors(inputs)
        with limited(seconds):
            actual = made.call_reference(*args, **kwargs)
        return tensor_leaves(expected), list(actual)

    return summed([case_of(both, {})])


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """TimeoutError after so many seconds of wall-clock time, whatever the block makes of it."""
    text = f"ONNX's reference evaluator took longer than {seconds:g} s"
    is_over = False

    def stop(*_: object) -> None:
        nonlocal is_over
        is_over = True
        raise TimeoutError(text)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except Exception:
        if is_over:  # caught on its way, and raised as another
            raise TimeoutError(text) from None
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
