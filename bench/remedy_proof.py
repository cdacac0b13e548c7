"""Asks plain torch whether a patched script exports and computes what the original computes.

No code of the probe takes part but for dynamic shapes out of options. Each script is run as
`python script.py` would, in a process forked from this one. The original's model in eager is
compared with the patched script's exported program, on the run's own inputs and on random ones of
the same shapes.
"""

import copy
import os
import pickle
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch._export.non_strict_utils  # what an export imports, here once and not in each fork
import torch.export._trace

from workers.probe.dynamic import shapes_from_json

SEED = 4711
RANDOM_INPUTS = 2  # beside the run's own

Leaves = list[torch.Tensor | str]
Outputs = list[Leaves | None]  # one an input; None where it was refused


class _CaughtError(BaseException):
    """The export call of a script that exports by itself."""


def disproof(
    original: Mapping[str, str],
    patched: Mapping[str, str],
    entry: str,
    options: Mapping[str, Any],
    *,
    lenient: bool,
) -> str:
    """Why a patch does not do what it says; empty where it does.

    `lenient`: inputs other than the run's own may be refused.
    """
    expected, error = _forked(original, lambda folder: _eager(folder / entry))
    if error:
        return f"the original: {error}"
    actual, error = _forked(patched, lambda folder: _exported(folder / entry, options))
    if error:
        return f"the patched script: {error}"
    for number, (left, right) in enumerate(zip(expected, actual, strict=True)):
        if left is None or (right is None and lenient and number > 0):
            continue
        if why := _difference(left, right):
            return f"on input {number}: {why}"
    return ""


def _eager(path: Path) -> Outputs:
    call = _call_of(path)
    return [_called(call["mod"], *inputs) for inputs in _inputs(call)]


def _exported(path: Path, options: Mapping[str, Any]) -> Outputs:
    call = _call_of(path)
    inputs = list(_inputs(call))
    if options.get("strict") is not None:
        call["strict"] = options["strict"]
    if options.get("dynamic_shapes") is not None:
        call["dynamic_shapes"] = shapes_from_json(options["dynamic_shapes"])
    program = torch.export.export(**call)
    return [_called(program.module(), *given) for given in inputs]


def _call_of(path: Path) -> dict[str, Any]:
    """The arguments of the script's torch.export.export, which is not made."""
    caught: dict[str, Any] = {}

    def catch(mod: Any, args: Any = (), kwargs: Any = None, **others: Any) -> None:
        caught.update(others, mod=mod, args=args, kwargs=kwargs or {})
        raise _CaughtError

    real, torch.export.export = torch.export.export, catch  # type: ignore[assignment]
    try:
        names = _run_as_main(path)
    except _CaughtError:
        return caught
    finally:
        torch.export.export = real
    model = names["model"] if "model" in names else names["get_model"]()
    given = names["inputs"] if "inputs" in names else names["get_inputs"]()
    args, kwargs = ((), given) if isinstance(given, dict) else (tuple(given), {})
    call = {"mod": model, "args": args, "kwargs": kwargs}
    return call | {"dynamic_shapes": names.get("dynamic_shapes")}


def _run_as_main(path: Path) -> dict[str, Any]:
    """The script's names. It stays in sys.modules, where dynamo looks for what a graph uses."""
    module = ModuleType("__main__")
    vars(module)["__file__"] = str(path)
    sys.modules["__main__"] = module
    exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
    return vars(module)


def _inputs(call: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The run's own inputs, then others: noise in the place of each floating-point tensor."""
    yield copy.deepcopy((call["args"], call["kwargs"]))
    generator = torch.Generator().manual_seed(SEED)
    for scale in range(1, RANDOM_INPUTS + 1):
        other = copy.deepcopy((call["args"], call["kwargs"]))
        for tensor in _tensors_in(other):
            if tensor.is_floating_point():
                noise = torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
                with torch.no_grad():
                    tensor.copy_(noise * scale)
        yield other


def _called(function: Callable[..., Any], args: Any, kwargs: Any) -> Leaves | None:
    torch.manual_seed(SEED)
    try:
        with torch.no_grad():
            result = function(*args, **kwargs)
    except Exception:
        return None
    return [leaf.clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in _leaves(result)]


def _leaves(value: Any) -> Iterator[torch.Tensor | str]:
    """Tensors, numbers as tensors, and the rest as text, whatever holds them."""
    if isinstance(value, torch.Tensor):
        yield from value.unbind() if value.is_nested else [value.detach()]
    elif isinstance(value, bool | int | float):
        yield torch.tensor(float(value), dtype=torch.double)
    elif type(value).__module__ == "numpy":
        yield torch.as_tensor(value)
    elif isinstance(value, set | frozenset):
        yield from sorted((one for item in value for one in _leaves(item)), key=_weight)
    elif (items := _items(value)) is not None:
        for item in items:
            yield from _leaves(item)
    else:
        yield repr(value)


def _items(value: Any) -> list[Any] | None:
    """What a dict, a sequence or an object holds, in an order that two runs share."""
    if isinstance(value, dict):
        return [value[key] for key in sorted(value, key=str)]
    if isinstance(value, tuple | list):
        return list(value)
    return list(vars(value).values()) if hasattr(value, "__dict__") else None


def _tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Those of inputs, to be filled in place; arrays share their memory with theirs."""
    return (leaf for leaf in _leaves(value) if isinstance(leaf, torch.Tensor))


def _weight(leaf: torch.Tensor | str) -> float:
    return float(leaf.double().sum()) if isinstance(leaf, torch.Tensor) else 0.0


def _difference(left: Leaves, right: Leaves | None) -> str:
    if right is None:
        return "the program refuses it"
    if len(left) != len(right):
        return f"{len(left)} values, then {len(right)}"
    pairs = zip(left, right, strict=True)
    for number, (a, b) in enumerate(pairs):
        if not isinstance(a, torch.Tensor) or not isinstance(b, torch.Tensor):
            if a != b:
                return f"value {number}: {a!r}, then {b!r}"
            continue
        if a.shape != b.shape and not a.numel() == b.numel() == 1:
            return f"value {number}: {list(a.shape)}, then {list(b.shape)}"
        c, d = (tensor.reshape(-1).to(torch.complex128) for tensor in (a, b))
        if not torch.allclose(c, d, rtol=1e-4, atol=1e-5, equal_nan=True):
            return f"value {number} differs by {float((c - d).abs().max()):g}"
    return ""


def _forked(files: Mapping[str, str], work: Callable[[Path], Outputs]) -> tuple[Outputs, str]:
    """What a forked process gives with these files, or its error."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        answer = Path(folder, "answer.pickle")
        pid = os.fork()
        if pid == 0:
            _work(Path(folder), work, answer)
        _, status = os.waitpid(pid, 0)
        if status or not answer.exists():
            return [], f"its process ended with status {status}"
        outputs, error = pickle.loads(answer.read_bytes())  # our own fork's
    return outputs, error


def _work(folder: Path, work: Callable[[Path], Outputs], answer: Path) -> None:
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    warnings.simplefilter("ignore")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    torch.manual_seed(SEED)
    try:
        told = work(folder), ""
    except BaseException as error:
        told = [], "".join(traceback.format_exception_only(error))[:500]
    answer.write_bytes(pickle.dumps(told))
    os._exit(0)
