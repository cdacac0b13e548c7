"""The kind `saver`: exports once more, and gives the program as `torch.export.save` writes it.

With it goes what eager gives, so that a process without the script can compare. Only leaves are
kept: the program itself says how they are put together.
"""

import io
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn

import torch
from torch.utils import _pytree as pytree

from .call import Call
from .diagnose import script_failure
from .emit import TEXT, Emitter, cap
from .frames import Places
from .job import Job
from .replay import OTHER_SIZES, Arguments, other_sizes, run_from
from .snapshot import Snapshot

PROGRAM = "program.pt2"
CASES = "cases.pt"

Program = torch.export.ExportedProgram


def run_saver(job: Job, places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Export, save, run eager, give both files, and end the process. `bytes` of work is the cap."""
    snapshot = Snapshot(call.model)
    try:
        program = call.export()
        started = time.perf_counter()
        data = saved(program)
    except BaseException as error:  # sys.exit() in a forward is a result as well
        failure = script_failure(error, places, "serialization")
        emitter.emit("saved", seconds=0.0, bytes=0, failure=failure)
        emitter.finish()
    seconds = time.perf_counter() - started
    cases = torch_bytes(list(_cases(program, call, snapshot)))
    if len(data) + len(cases) <= job.work["bytes"]:
        emitter.file(PROGRAM, data)
        emitter.file(CASES, cases)
    emitter.emit("saved", seconds=seconds, bytes=len(data), failure=None)
    emitter.finish()


def saved(program: Program) -> memoryview:
    """The program as a .pt2 file."""
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    return buffer.getbuffer()


def torch_bytes(value: Any) -> memoryview:
    """A value as torch.save writes it."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getbuffer()


def _cases(program: Program, call: Call, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """What eager gives on the run's inputs, and on other sizes of what is dynamic."""
    own = ordered(program, call.args, call.kwargs)
    yield _case(call, snapshot, own, {})
    for sizes, inputs in islice(other_sizes(program, *own), OTHER_SIZES):
        yield _case(call, snapshot, inputs, sizes)


def _case(
    call: Call, snapshot: Snapshot, inputs: Arguments, sizes: dict[str, int]
) -> dict[str, Any]:
    seed = torch.random.get_rng_state()
    case: dict[str, Any] = {"sizes": sizes, "seed": seed, "inputs": pytree.tree_leaves(inputs)}
    try:
        with torch.no_grad():
            result = run_from(call.model, snapshot, inputs, seed, 1)
    except Exception as error:
        return case | {"why": cap(f"{type(error).__name__}: {error}", TEXT)}
    finally:
        snapshot.restore()
        torch.random.set_rng_state(seed)
    return case | {"outputs": pytree.tree_leaves(result)}


def ordered(program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """The arguments with keywords in the order in which the program takes their leaves."""
    names = program.call_spec.in_spec.child(1).context
    return args, {name: kwargs[name] for name in names if name in kwargs}
