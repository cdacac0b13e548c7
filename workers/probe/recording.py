"""What torch's functions gave in an eager run, call by call, to stand in where export cannot go on.

Of tensors only the shape, stride, dtype and device are kept; what is no tensor (numbers, NumPy
arrays, sizes) is kept itself. A call is known by the user's line, the function's name, and how
many calls of it that line has made before.
"""

import copy
import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from .frames import Places, outwards, qualname

Key = tuple[str, int, str]  # file, line, function
MOST_CALLS = 200_000  # of one run that are kept
# Code of a generator or a coroutine: a call of it has no one value.
NOT_ONE_VALUE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(frozen=True)
class TensorLike:
    """A tensor without its values."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


@dataclass(frozen=True)
class Holder:
    """An object that is no pytree and holds tensors in its attributes, such as an ImageList."""

    value: object
    attributes: "dict[str, Output]"


@dataclass(frozen=True)
class Output:
    """What one call gave. Leaves that were tensors are TensorLike."""

    leaves: list[Any]
    shape: pytree.TreeSpec
    is_iterator: bool = False

    @property
    def tensors(self) -> list[TensorLike]:
        """The tensors among the leaves, those inside holders too."""
        found: list[TensorLike] = []
        for leaf in self.leaves:
            if isinstance(leaf, TensorLike):
                found.append(leaf)
            elif isinstance(leaf, Holder):
                found += [one for held in leaf.attributes.values() for one in held.tensors]
        return found

    @property
    def is_constant(self) -> bool:
        """Whether it is tensors alone: another call's would do as well."""
        return all(isinstance(leaf, TensorLike) for leaf in self.leaves)

    def is_like(self, other: "Output") -> bool:
        """Whether both have the same structure and tensors of the same shapes."""
        return self.shape == other.shape and self.tensors == other.tensors

    def rebuilt(self, tensors: Iterable[torch.Tensor]) -> Any:
        """The value again, with these in the place of its tensors, in order."""
        given = iter(tensors)
        value = self._rebuilt(given)
        return iter(value) if self.is_iterator else value

    def _rebuilt(self, given: Any) -> Any:
        leaves = []
        for leaf in self.leaves:
            if isinstance(leaf, TensorLike):
                leaves.append(next(given))
            elif isinstance(leaf, Holder):
                twin = copy.copy(leaf.value)
                for name, held in leaf.attributes.items():
                    setattr(twin, name, held._rebuilt(given))
                leaves.append(twin)
            else:
                leaves.append(leaf)
        return pytree.tree_unflatten(leaves, self.shape)


def output_of(value: Any, *, holds: bool = True) -> Output:
    """What a call gave, as it is kept. An iterator must have been made a list before.

    `holds`: whether tensors in attributes are kept apart. Those of what they hold are not: objects
    may hold each other in a circle.
    """
    leaves, shape = pytree.tree_flatten(value)
    return Output([_kept(leaf, holds) for leaf in leaves], shape)


def tensor_leaves(value: Any) -> list[torch.Tensor]:
    """The tensors among the leaves of a value."""
    return [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def _kept(leaf: Any, holds: bool) -> Any:
    if isinstance(leaf, torch.Tensor):
        stride = tuple(leaf.stride()) if leaf.layout == torch.strided else ()
        return TensorLike(tuple(leaf.shape), stride, leaf.dtype, leaf.device)
    if type(leaf).__module__ == "numpy":
        return copy.deepcopy(leaf)
    if not holds or isinstance(leaf, torch.nn.Module) or not hasattr(leaf, "__dict__"):
        return leaf
    held = {
        name: output_of(value, holds=False)
        for name, value in vars(leaf).items()
        if tensor_leaves(value)
    }
    return Holder(leaf, held) if held else leaf


NOTHING = Output([], pytree.tree_flatten(None)[1])  # of a call that did not return, or is not kept


class Recording:
    """The calls of one eager run."""

    def __init__(self) -> None:
        self._outputs: dict[Key, list[Output]] = defaultdict(list)
        self._kept = 0
        self.functions: set[CodeType] = set()  # the user's functions that called any of torch's

    def add(self, key: Key, output: Output) -> None:
        """Keep one call's output, after those of the same key before it."""
        self.end(key, self.begin(key), output)

    def begin(self, key: Key) -> int:
        """A call begins: keep its place among those of its key."""
        self._outputs[key].append(NOTHING)
        return len(self._outputs[key]) - 1

    def end(self, key: Key, place: int, output: Output) -> None:
        """It has given this."""
        if self._kept < MOST_CALLS:
            self._kept += 1
            self._outputs[key][place] = output

    def replayed(self) -> "Cursor":
        """A new walk over the calls."""
        return Cursor(self._outputs)


class Cursor:
    """Where a run that repeats a recorded one is."""

    def __init__(self, outputs: dict[Key, list[Output]]) -> None:
        self._outputs = outputs
        self._seen: dict[Key, int] = defaultdict(int)

    def next(self, key: Key) -> Output | None:
        """What the call of this key that comes now gave when it was recorded."""
        index = self._seen[key]
        self._seen[key] += 1
        known = self._outputs.get(key, ())
        found = known[index] if index < len(known) else NOTHING
        return None if found is NOTHING else found

    def all(self, key: Key) -> list[Output]:
        """What every call of this key gave."""
        return [one for one in self._outputs.get(key, ()) if one is not NOTHING]


class Recorder(TorchFunctionMode):
    """Records every call of a torch function that the code in its block makes."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self.recording = Recording()
        self._places = places

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Make the call, and keep what it gave."""
        result = func(*args, **(kwargs or {}))
        if torch.compiler.is_dynamo_compiling():
            return result
        frame = user_frame(self._places, sys._getframe(1))
        if frame is None:
            return result
        key = key_of(frame, func)
        self.recording.functions.add(frame.f_code)
        if is_iterator(result):
            items = list(result)
            kept = output_of(items)
            self.recording.add(key, Output(kept.leaves, kept.shape, is_iterator=True))
            return iter(items)
        self.recording.add(key, output_of(result))
        return result


class FunctionRecorder:
    """Records what the user's functions and all forwards give, as a profile function.

    The places of its calls are those of their beginnings: a recursion ends in another order.
    """

    def __init__(self, places: Places, recording: Recording) -> None:
        self._places = places
        self._recording = recording
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
                self._open[frame] = key, self._recording.begin(key)
        elif event == "return" and frame in self._open:
            key, place = self._open.pop(frame)
            if value is not None:  # an exception looks like None
                self._recording.end(key, place, output_of(value))

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


def key_of_code(code: CodeType) -> Key:
    """How a call of one of the user's functions is known."""
    return code.co_filename, code.co_firstlineno, f"def {qualname(code)}"


def key_of(frame: FrameType, function: Any) -> Key:
    """How a call of `function` from this frame is known."""
    name = getattr(function, "__name__", "") or str(function)
    if name == "__get__":  # a property: the descriptor has its name
        name = f"get {getattr(getattr(function, '__self__', None), '__name__', '')}"
    return frame.f_code.co_filename, frame.f_lineno, name
