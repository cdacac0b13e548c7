"""One eager run, with what a repro needs of it: inputs of modules, and the culprit's variables."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import torch
from torch import nn

from .call import Call
from .repro_code import CannotWriteError, Coder
from .snapshot import Snapshot, clone_tensors

Code = str | CannotWriteError  # an expression, or why there is none


@dataclass(frozen=True)
class Spot:
    """A line of the model's code whose variables are wanted when it is first reached."""

    path: str
    first: int  # lines of its statement
    last: int
    function: str  # the function's own name


@dataclass
class Seen:
    """What held when a spot was first reached. Tensors are in `tensors`, all else in `values`."""

    tensors: dict[str, Code] = field(default_factory=dict)
    values: dict[str, Code] = field(default_factory=dict)
    arguments: tuple[list[str], bool] | None = None  # names, and whether all of them are positional
    function: Any = None  # the function itself, where its module has it by name
    names: dict[str, Any] = field(default_factory=dict)  # the module's own, as they are
    owner: nn.Module | None = None  # `self`
    rows: dict[str, int] = field(default_factory=dict)  # of tensors
    rows_of_each: dict[str, int] = field(default_factory=dict)  # of all in a list or a tuple
    numbers: dict[str, int] = field(default_factory=dict)  # counts, greater than 1


@dataclass
class Records:
    """What one eager run left. Inputs are by the paths of modules: codes of args and of kwargs."""

    inputs: dict[str, tuple[list[Code], dict[str, Code]]] = field(default_factory=dict)
    seen: dict[Spot, Seen] = field(default_factory=dict)


def recorded_run(
    call: Call, snapshot: Snapshot, coder: Coder, paths: Iterable[str], spots: Iterable[Spot]
) -> Records:
    """Run the model once in eager.

    Raises:
        BaseException: whatever the model raises.
    """
    records = Records()
    args, kwargs = clone_tensors((call.args, call.kwargs))
    snapshot.restore()  # before there are hooks, which it would take away
    handles = [
        call.model.get_submodule(path).register_forward_pre_hook(
            _keep_inputs(records, path, coder), with_kwargs=True
        )
        for path in dict.fromkeys(paths)
        if path
    ]
    before = sys.gettrace()
    sys.settrace(_Tracer(records, coder, list(spots)))
    try:
        with torch.no_grad():
            call.model(*args, **kwargs)
    finally:
        sys.settrace(before)
        for handle in handles:
            handle.remove()
        snapshot.restore()
    return records


def code_of_value(coder: Coder, value: Any) -> Code:
    """The value's code, or why it has none."""
    try:
        return coder.value(value)
    except CannotWriteError as error:
        return error
    except Exception as error:  # whatever an object of the script's does when it is looked at
        return CannotWriteError(f"{type(value).__name__}: {error!r}")


def _keep_inputs(records: Records, path: str, coder: Coder) -> Callable[..., None]:
    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if path not in records.inputs:
            named = {name: code_of_value(coder, one) for name, one in kwargs.items()}
            records.inputs[path] = [code_of_value(coder, one) for one in args], named

    return hook


class _Tracer:
    """A trace function that looks at the code of the spots alone."""

    def __init__(self, records: Records, coder: Coder, spots: list[Spot]) -> None:
        self._records = records
        self._coder = coder
        self._spots = spots
        self._known: dict[CodeType, list[Spot]] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Take a call: give what follows its lines, where it has a spot."""
        code = frame.f_code
        if code not in self._known:
            self._known[code] = [spot for spot in self._spots if _has(code, spot)]
        if not self._known[code]:
            return None
        begun: dict[str, Code] = {}
        return self._lines(self._known[code], begun)

    def _lines(self, spots: list[Spot], begun: dict[str, Code]) -> Callable[..., Any]:
        def at_line(frame: FrameType, event: str, _: Any) -> Any:
            for spot in spots:
                if event == "line" and spot.first <= frame.f_lineno <= spot.last:
                    self._records.seen.setdefault(spot, self._look(frame))
            return at_line

        return at_line

    def _look(self, frame: FrameType) -> Seen:
        code = frame.f_code
        seen = Seen(names=frame.f_globals, function=frame.f_globals.get(code.co_name))
        if getattr(seen.function, "__code__", None) is not code:
            seen.function = None
        only_positional = not code.co_kwonlyargcount and not code.co_flags & 0x0C  # * and **
        seen.arguments = [*code.co_varnames[: code.co_argcount]], only_positional
        for name, value in frame.f_locals.items():
            if name == "self" and isinstance(value, nn.Module):
                seen.owner = value
            elif _holds_tensor(value):
                seen.tensors[name] = code_of_value(self._coder, value)
            else:
                seen.values[name] = code_of_value(self._coder, value)
            _count(seen, name, value)
        return seen


def _has(code: CodeType, spot: Spot) -> bool:
    if code.co_filename != spot.path or code.co_name != spot.function:
        return False
    lines = [line for _, _, line in code.co_lines() if line]
    return bool(lines) and min(lines) <= spot.last and max(lines) >= spot.first


def _count(seen: Seen, name: str, value: Any) -> None:
    """Keep how many rows a value has, or what it counts."""
    if rows := _rows_of(value):
        seen.rows[name] = rows
    elif type(value) is int and value > 1:
        seen.numbers[name] = value
    elif isinstance(value, list | tuple):
        each = {_rows_of(one) for one in value}
        if len(each) == 1 and (rows := each.pop()):
            seen.rows_of_each[name] = rows


def _rows_of(value: Any) -> int:
    """Of a tensor with at least one dimension; 0 of all else."""
    return value.shape[0] if isinstance(value, torch.Tensor) and value.dim() else 0


def _holds_tensor(value: Any) -> bool:
    leaves = torch.utils._pytree.tree_leaves(value)
    return any(isinstance(leaf, torch.Tensor) for leaf in leaves)
