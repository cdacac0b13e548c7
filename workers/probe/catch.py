"""Catches the script's own export call: export, draft_export, onnx.export or jit.trace."""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import torch
from torch import nn

from .call import Call
from .emit import SHORT, cap
from .frames import Places, frames_above, innermost_upload
from .job import Job
from .listing import list_calls
from .placeholder import Placeholder

# A caught call ends in the work; the process ends with it.
Work = Callable[[Call], NoReturn]

_EXPORT = inspect.signature(torch.export.export)


class FunctionModule(nn.Module):
    """A plain function as a module: torch.jit.trace takes functions, torch.export does not."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()

        @functools.wraps(function)  # export reads the signature of forward
        def forward(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        self.forward = forward


class Catcher:
    """Stands in for the four export functions and takes the call that the job picks."""

    def __init__(self, job: Job, places: Places, work: Work) -> None:
        self._job = job
        self._places = places
        self._work = work
        self._made: list[dict[str, Any]] = []
        self._originals: list[tuple[Any, str, Callable[..., Any]]] = []

    def install(self) -> None:
        """Replace the four functions until `restore`."""
        for owner, name, read in _CAUGHT:
            original = getattr(owner, name)
            self._originals.append((owner, name, original))
            setattr(owner, name, self._stand_in(original, f"{owner.__name__}.{name}", read))

    def restore(self) -> None:
        """Put the real functions back: nothing of ours is in the way of the export."""
        while self._originals:
            setattr(*self._originals.pop())

    @property
    def calls_made(self) -> int:
        """How many export calls the script has made."""
        return len(self._made)

    def _stand_in(
        self, original: Callable[..., Any], name: str, read: Callable[..., Call]
    ) -> Callable[..., Any]:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                return original(*args, **kwargs)  # raises what the script would have seen
            bound.apply_defaults()
            return self._take(name, read(bound.arguments))

        return stand_in

    def _take(self, name: str, call: Call) -> Any:
        stack = frames_above(sys._getframe(2), self._places)
        at = innermost_upload(stack)
        index = len(self._made) + 1
        self._made.append(
            {
                "function": name,
                "file": cap(at.file if at else "", SHORT),
                "line": at.line if at else 0,
                "index": index,
                "chosen": index == self._job.call,
            }
        )
        if index == self._job.call:
            self.restore()
            call.stack = stack
            call.listed = list_calls(self._job.root, self._job.script, self._made)
            self._work(call)
        # Running it would leave caches and random state behind for the call that was picked.
        return Placeholder(f"the result of export call {index}, which was not picked")


def _read_export(given: dict[str, Any]) -> Call:
    known = {"mod", "args", "kwargs", "dynamic_shapes", "strict"}
    extra = {key: given[key] for key in given if key in _EXPORT.parameters and key not in known}
    return Call(
        model=given["mod"],
        args=given["args"],
        kwargs=dict(given["kwargs"] or {}),
        dynamic_shapes=given["dynamic_shapes"],
        strict=given["strict"],
        extra=extra,
        form="exports_itself",
    )


def _read_onnx(given: dict[str, Any]) -> Call:
    args = given["args"]
    return Call(
        model=given["model"],
        args=tuple(args) if isinstance(args, tuple | list) else (args,),
        kwargs=dict(given["kwargs"] or {}),
        dynamic_shapes=given["dynamic_shapes"],
        strict=False,
        form="exports_itself",
    )


def _read_trace(given: dict[str, Any]) -> Call:
    function, inputs = given["func"], given["example_inputs"]
    return Call(
        model=function if isinstance(function, nn.Module) else FunctionModule(function),
        args=() if inputs is None else inputs if isinstance(inputs, tuple) else (inputs,),
        kwargs=dict(given["example_kwarg_inputs"] or {}),
        dynamic_shapes=None,
        strict=False,
        form="exports_itself",
    )


_CAUGHT: tuple[tuple[Any, str, Callable[[dict[str, Any]], Call]], ...] = (
    (torch.export, "export", _read_export),
    (torch.export, "draft_export", _read_export),
    (torch.onnx, "export", _read_onnx),
    (torch.jit, "trace", _read_trace),
)
