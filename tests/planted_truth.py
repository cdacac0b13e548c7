"""Asks plain torch.export whether the planted faults are where their marks say.

    python -m tests.planted_truth [NAME ...]

For each model: eager runs; with all fixes in, export passes; with all fixes but one in, export
stops at that one; with the fixes put in one after another, export stops at each fault in the order
of the marks; and each faulty line runs as often as its mark says. Every export is made in a process
of its own, forked from one that has only imported torch. No code of the probe takes part.
"""

import ast
import json
import os
import re
import runpy
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # what an export imports, here once and not in each fork: it takes seconds
import torch._export.non_strict_utils
import torch._functorch.aot_autograd
import torch.export._trace

from tests.planted_set import Fault, Planted, planted

# What torch says of each category: at least one of these in the exception's class and message.
EVIDENCE = {
    "data_dependent_branch": r"GuardOnDataDependent|DataDependentOutput|ata-dependent branching",
    "data_dependent_shape": r"GuardOnDataDependent|DynamicOutputShape",
    "tensor_to_python": r"GuardOnDataDependent|DataDependentOutput|\.item\(\)"
    r"|data is not allocated|data-dependent expression",
    "dynamic_shape_violation": r"Constraints violated",
    "unsupported_input": r"Unsupported input type",
    "unsupported_output": r"in output, which is not a known type",
    "missing_fake_kernel": r"UnsupportedOperatorException|no fake impl",
    "mismatched_fake_kernel": r"RuntimeError|ValueError",
    "unsupported_python": r"exc\.Unsupported",
    "numpy_conversion": r"\.numpy\(\)",
    "mutation": r"in-place operation|fake tensor in the exported program|mutation",
    "custom_op": r"custom kernel|custom op",
    "out_of_memory": r"MemoryError",
    "eager_error": r"",
    "script_error": r"",
    "sandbox": r"",
    "unknown": r"",
}
# Raised once tracing is over, or before it begins: the stack does not lead to the line.
AFTERWARDS = ("dynamic_shape_violation", "unsupported_output")
AFTERWARDS_TOO = "fake tensor in the exported program"


class Caught(BaseException):
    """The export call of a script that exports itself, in place of the export."""

    def __init__(self, model: Any, args: Any, kwargs: Any) -> None:
        super().__init__()
        self.call = (model, args, kwargs)


@dataclass(frozen=True)
class Outcome:
    """How one process ended. `at` is the innermost line of the upload in the stack."""

    error: str = ""  # class and message; empty: it passed
    at: tuple[str, int] = ("", 0)
    hits: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing was raised."""
        return not self.error


def complaints(model: Planted) -> Iterator[str]:
    """All that is not as the marks say; nothing where they are right."""
    yield from _complaints_of_eager(model)
    if model.remarks & {"EAGER", "SCRIPT"}:
        return
    lined = tuple(fault for fault in model.faults if fault.line)
    unlined = [fault for fault in model.faults if not fault.line]
    if "SEALED" in model.remarks:
        if not (outcome := attempt(model, model.files, export)).passed:
            yield f"fails outside the sandbox as well: {outcome}"
        return
    for fault in unlined:
        yield from _complaints_of(attempt(model, model.files, export), fault, "as it is")
    if unlined:
        return
    yield from _complaints_of_fixed(model, lined)
    if len(lined) > 1:
        for fault in lined:
            others = tuple(other for other in lined if other is not fault)
            outcome = attempt(model, model.fixed(others), export)
            yield from _complaints_of(outcome, fault, "alone")
    traced = [fault for fault in lined if fault.category not in AFTERWARDS]
    for count, fault in enumerate(traced):
        outcome = attempt(model, model.fixed(tuple(traced[:count])), export)
        yield from _complaints_of(outcome, fault, f"after {count} fixes")


def _complaints_of_eager(model: Planted) -> Iterator[str]:
    outcome = attempt(model, model.files, eager)
    if not model.remarks & {"EAGER", "SCRIPT"}:
        if not outcome.passed:
            yield f"eager: {outcome}"
        return
    (fault,) = model.faults
    if outcome.at != fault.at:
        yield f"eager: {outcome}, not at {fault.at}"
    if not (fixed := attempt(model, model.fixed((fault,)), eager)).passed:
        yield f"eager, fixed: {fixed}"


def _complaints_of_fixed(model: Planted, faults: tuple[Fault, ...]) -> Iterator[str]:
    files = model.fixed(faults)
    outcome = attempt(model, files, export)
    if not outcome.passed:
        yield f"with all fixes in: {outcome}"
        return
    counted = tuple(fault for fault in faults if fault.times is not None)
    # Dynamo would trace the counter as well.
    run = eager if "strict=True" in model.files[model.entry] else export
    counts = attempt(model, _counting(files, counted), run)
    if not counts.passed:
        yield f"counted: {counts}"
        return
    for fault, times in zip(counted, counts.hits, strict=True):
        if fault.times != times:
            yield f"{fault.at}: runs {times} times, not {fault.times}"


def _complaints_of(outcome: Outcome, fault: Fault, when: str) -> Iterator[str]:
    if outcome.passed:
        yield f"{fault.at}: {when}, it exports"
    elif not re.search(EVIDENCE[fault.category], outcome.error):
        yield f"{fault.at}: {when}, no sign of {fault.category}: {outcome.error}"
    elif (
        fault.line
        and outcome.at != fault.at
        and fault.category not in AFTERWARDS
        and AFTERWARDS_TOO not in outcome.error
    ):
        yield f"{fault.at}: {when}, stops at {outcome.at}: {outcome.error}"


def eager(path: Path) -> None:
    """Run the script's model once, without any export."""
    original = torch.export.export
    torch.export.export = _catch  # type: ignore[assignment]
    try:
        model, args, kwargs, _ = _names(path)
    except Caught as caught:
        model, args, kwargs = caught.call
    finally:
        torch.export.export = original
    with torch.no_grad():
        model(*args, **kwargs)


def export(path: Path) -> None:
    """Export the script's model as `python script.py` would."""
    names = _names(path)
    if names is not None:
        model, args, kwargs, shapes = names
        torch.export.export(model, args, kwargs, dynamic_shapes=shapes)


def _catch(model: Any, args: Any = (), kwargs: Any = None, **_: Any) -> None:
    raise Caught(model, args, kwargs or {})


def _names(path: Path) -> Any:
    names = runpy.run_path(str(path), run_name="__main__")
    if "model" not in names and "get_model" not in names:
        return None
    model = names["model"] if "model" in names else names["get_model"]()
    given = names["inputs"] if "inputs" in names else names["get_inputs"]()
    args, kwargs = ((), given) if isinstance(given, dict) else (tuple(given), {})
    return model, args, kwargs, names.get("dynamic_shapes")


HITS: list[int] = []


def _counting(files: dict[str, str], faults: tuple[Fault, ...]) -> dict[str, str]:
    """The files, with a count of how often each statement that was faulty begins."""
    HITS[:] = [0] * len(faults)
    counted = dict(files)
    for name, text in files.items():
        lines = {fault.line: n for n, fault in enumerate(faults) if fault.file == name}
        if lines:
            tree = _Counting(lines).visit(ast.parse(text))
            counted[name] = ast.unparse(ast.fix_missing_locations(tree))
    return counted


def hit(number: int) -> None:
    """One more time."""
    HITS[number] += 1


class _Counting(ast.NodeTransformer):
    """Puts a call of hit() before the innermost statement of each line."""

    def __init__(self, lines: dict[int, int]) -> None:
        self.lines = lines

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [new for old in block for new in self._with_hits(old)])
        return node

    def _with_hits(self, statement: ast.stmt) -> list[ast.stmt]:
        body = getattr(statement, "body", None)
        last = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
        numbers = [n for line, n in self.lines.items() if statement.lineno <= line <= last]
        calls = [ast.parse(f"__import__('planted_hits').hit({n})").body[0] for n in numbers]
        return [*(ast.copy_location(call, statement) for call in calls), statement]


def attempt(model: Planted, files: dict[str, str], what: Callable[[Path], None]) -> Outcome:
    """Do `what` with these files in a forked process."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            _end(write, _outcome(Path(folder).resolve(), model.entry, what))
        os.close(write)
        with os.fdopen(read) as pipe:
            told = pipe.read()
        os.waitpid(pid, 0)
    if not told:
        return Outcome(error="the process died")
    error, at, hits = json.loads(told)
    return Outcome(error, (at[0], at[1]), tuple(hits))


def _end(write: int, outcome: Outcome) -> None:
    told = json.dumps([outcome.error, outcome.at, outcome.hits]).encode()
    with os.fdopen(write, "wb") as pipe:
        pipe.write(told)
    os._exit(0)


def _outcome(folder: Path, entry: str, what: Callable[[Path], None]) -> Outcome:
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    warnings.simplefilter("ignore")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.modules["planted_hits"] = sys.modules[__name__]
    try:
        what(folder / entry)
    except BaseException as error:
        name = f"{type(error).__module__}.{type(error).__name__}"
        return Outcome(f"{name}: {str(error)[:2000]}", _innermost(error, folder))
    return Outcome(hits=tuple(HITS))


def _innermost(error: BaseException, folder: Path) -> tuple[str, int]:
    """The upload's innermost line in the stack, or in the one that dynamo traced."""
    links = [error]
    while (cause := links[-1].__cause__) is not None:
        links.append(cause)
    stacks = [getattr(link, "real_stack", None) or [] for link in links]
    stacks += [traceback.extract_tb(link.__traceback__) for link in reversed(links)]
    for stack in stacks:
        for frame in reversed(stack):
            path = Path(frame.filename)
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix(), frame.lineno or 0
    return "", 0


@contextmanager
def one_thread() -> Iterator[None]:
    """A fork must not find torch's threads, which it would not have."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def main(names: list[str]) -> int:
    """Print what is not as marked; the number of such models is the exit status."""
    wrong = 0
    torch.set_num_threads(1)
    for model in planted():
        if names and model.name not in names:
            continue
        found = list(complaints(model))
        wrong += bool(found)
        kinds = ", ".join(fault.category for fault in model.faults) or "clean"
        sys.stdout.write(f"{'WRONG' if found else 'right'} {model.name}: {kinds}\n")
        sys.stdout.writelines(f"      {line}\n" for line in found)
        sys.stdout.flush()
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
