"""Records an eager run while it is made: a mode for torch's functions, a profile for the user's."""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import CodeType, FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .frames import Places, outwards
from .outputs import NOTHING, Output, output_of
from .recording import Key, Sink, key_of, key_of_code

# Code of a generator or a coroutine: a call of it has no one value.
NOT_ONE_VALUE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@contextmanager
def recorded(places: Places, sink: Sink) -> Iterator[None]:
    """Within the block every call of a torch function and of the user's functions is recorded."""
    before = sys.getprofile()
    with Recorder(places, sink):
        sys.setprofile(FunctionRecorder(places, sink))
        try:
            yield
        finally:
            sys.setprofile(before)


class Recorder(TorchFunctionMode):
    """Records every call of a torch function that the code in its block makes."""

    def __init__(self, places: Places, sink: Sink) -> None:
        super().__init__()
        self._places = places
        self._sink = sink
        self._came: set[CodeType] = set()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Make the call, and keep what it gave."""
        result = func(*args, **(kwargs or {}))
        calling = sys._getframe(1)
        frame = user_frame(self._places, calling)
        if frame is None or torch.compiler.is_dynamo_compiling() or self._is_ours(calling):
            return result
        if frame.f_code not in self._came:
            self._came.add(frame.f_code)
            self._sink.came_to(key_of_code(frame.f_code))
        if is_iterator(result):
            items = list(result)
            self._keep(key_of(frame, func), replace(output_of(items), is_iterator=True))
            return iter(items)
        self._keep(key_of(frame, func), output_of(result))
        return result

    def _keep(self, key: Key, output: Output) -> None:
        self._sink.end(key, self._sink.begin(key), output)

    def _is_ours(self, frame: FrameType) -> bool:
        """Whether a hook of the probe's makes the call, which no export will."""
        return self._places.place(frame.f_code.co_filename)[0] == "probe"


class FunctionRecorder:
    """Records what the user's functions and all forwards give, as a profile function.

    The places of its calls are those of their beginnings: a recursion ends in another order.
    """

    def __init__(self, places: Places, sink: Sink) -> None:
        self._places = places
        self._sink = sink
        self._open: dict[FrameType, tuple[Key, int]] = {}
        self._wanted: dict[CodeType, bool] = {}

    def __call__(self, frame: FrameType, event: str, value: Any) -> None:
        """Take one event of sys.setprofile."""
        if event == "call":
            code = frame.f_code
            wanted = self._wanted.get(code)
            if wanted is None:
                wanted = self._wanted[code] = self._is_wanted(code)
            if wanted:
                key = key_of_code(code)
                self._open[frame] = key, self._sink.begin(key)
        elif event == "return" and frame in self._open:
            key, place = self._open.pop(frame)
            # An exception looks like None.
            self._sink.end(key, place, NOTHING if value is None else output_of(value))

    def _is_wanted(self, code: CodeType) -> bool:
        if code.co_flags & NOT_ONE_VALUE:
            return False
        return code.co_name == "forward" or self._places.is_user(code.co_filename)


def is_iterator(value: object) -> bool:
    """Whether a value can be gone through once only, as `iter(tensor)` gives."""
    return type(value).__name__.endswith("_iterator")


def user_frame(places: Places, frame: FrameType | None) -> FrameType | None:
    """The innermost frame of the user's, from `frame` outwards."""
    found = (running for running in outwards(frame) if places.is_user(running.f_code.co_filename))
    return next(found, None)
