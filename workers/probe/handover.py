"""The recording of a run's eager run, on its way from the staged child to the whole one.

The staged child runs the model anyway. What it records goes through a pipe while the run is made,
and the whole child, once its export has failed, reads as far as it needs. Both children are the
same upload in the same sandbox, so the one that unpickles trusts the other as much as itself.
"""

import io
import os
import pickle
import threading
from collections import defaultdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from .call import Call
from .outputs import Output
from .owners import paths_by_state
from .recording import MOST_CALLS, Key, Recording
from .specs import input_specs

_END = b""
_LEAF = "*"  # the path of no module
_LEAF_SPEC = pytree.tree_flatten(0)[1]


class Giver:
    """Gives what is recorded to the whole child. It never waits: a thread of its own writes."""

    def __init__(self, fd: int, call: Call, root: Path) -> None:
        self._paths = paths_by_state(call.model)
        self._root = root
        self._numbers: dict[Key, int] = {}
        self._places: dict[Key, int] = defaultdict(int)
        self._sent = 0
        self._gone = False  # nobody reads any more
        self._queue: SimpleQueue[bytes] = SimpleQueue()
        self._send(fingerprint(call))
        threading.Thread(target=self._write, args=(fd,), daemon=True).start()

    def begin(self, key: Key) -> int:
        """A call begins: keep its place among those of its key."""
        self._send(("begin", self._number(key)))
        self._places[key] += 1
        return self._places[key] - 1

    def end(self, key: Key, place: int, output: Output | None) -> None:
        """It has given this. None: it is not known what."""
        known = "end", self._number(key), place
        self._send((*known, output), instead=known)

    def came_to(self, key: Key) -> None:
        """This function of the user's called one of torch's."""
        self._send(("came_to", self._number(key)))

    def close(self) -> None:
        """The eager run is over."""
        self._send(("over",))
        self._queue.put(_END)

    def abandon(self) -> None:
        """The eager run failed, and what was recorded is worth nothing."""
        self._queue.put(_END)

    def _number(self, key: Key) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            file = Path(key[0])
            is_upload = file.is_relative_to(self._root)
            known = file.relative_to(self._root).as_posix() if is_upload else key[0]
            self._send(("key", is_upload, known, *key[1:]))
        return self._numbers[key]

    def _send(self, message: Any, instead: Any = None) -> None:
        """Pickle a message; `instead` goes where it holds what cannot be sent."""
        if self._gone or self._sent > 2 * MOST_CALLS:
            return
        self._sent += 1
        buffer = io.BytesIO()
        try:
            _Pickler(buffer, self._paths).dump(message)
        except Exception:  # whatever an object of the user's does when it is pickled
            if instead is not None:
                self._send(instead)
            return
        self._queue.put(buffer.getvalue())

    def _write(self, fd: int) -> None:
        try:
            with os.fdopen(fd, "wb") as pipe:
                while (data := self._queue.get()) != _END:
                    pipe.write(data)
                    if self._queue.empty():
                        pipe.flush()
        except OSError:  # the whole child needs it no more
            self._gone = True


def give(fd: int | None, call: Call, root: Path) -> Giver | None:
    """A giver for the whole child, if there is one and a thread can be had."""
    if fd is None:
        return None
    try:
        return Giver(fd, call, root)
    except RuntimeError:  # no thread
        os.close(fd)
        return None


def taken(fd: int | None, call: Call, root: Path) -> Recording | None:
    """The recording that the staged child makes; None where it is of another model's run."""
    if fd is None:
        return None
    taker = _Taker(os.fdopen(fd, "rb"), call.model, root)
    return taker.recording if taker.is_of(call) else None


class _Taker:
    """Reads messages into a recording."""

    def __init__(self, pipe: io.BufferedReader, model: nn.Module, root: Path) -> None:
        self.recording = Recording(self.more)
        self._pipe = pipe
        self._model = model
        self._root = root
        self._keys: list[Key] = []
        self._is_over = False

    def is_of(self, call: Call) -> bool:
        """Whether the first message says that this is the run of such a call."""
        try:
            is_same = bool(self._next() == fingerprint(call))
        except Exception:  # it ended before it ran the model, or wrote something else
            is_same = False
        if not is_same:
            self._end()
        return is_same

    def more(self) -> bool:
        """Take one message, waiting for it; False at the end."""
        if self._is_over:
            return False
        try:
            self._take(*self._next())
        except Exception:  # the staged child was killed, or its script wrote something else
            self.recording.lacks = True
            self._end()
        return not self._is_over

    def _next(self) -> Any:
        """The next message. Each is a pickle of its own, with a memory of its own."""
        return _Unpickler(self._pipe, self._model).load()

    def _end(self) -> None:
        self._is_over = True
        self._pipe.close()

    def _take(self, word: str, *rest: Any) -> None:
        if word == "over":
            self._end()
        elif word == "key":
            is_upload, file, line, function = rest
            self._keys.append((str(self._root / file) if is_upload else file, line, function))
        elif word == "begin":
            self.recording.begin(self._keys[rest[0]])
        elif word == "came_to":
            self.recording.came_to(self._keys[rest[0]])
        else:
            number, place, *output = rest
            self.recording.end(self._keys[number], place, output[0] if output else None)


class _Pickler(pickle.Pickler):
    """Modules go by their paths, tensors not at all. A pickled LeafSpec warns when it is read."""

    def __init__(self, buffer: io.BytesIO, paths: dict[int, str]) -> None:
        super().__init__(buffer, pickle.HIGHEST_PROTOCOL)
        self._paths = paths

    def persistent_id(self, value: Any) -> str | None:
        """What stands for a module (its path) or for the structure of one leaf.

        Raises:
            PicklingError: it is a tensor, or no module of the model.
        """
        if isinstance(value, pytree.TreeSpec) and value.is_leaf():
            return _LEAF
        if isinstance(value, torch.Tensor):
            raise pickle.PicklingError("a tensor's values are not recorded")
        if not isinstance(value, nn.Module):
            return None
        if id(vars(value)) not in self._paths:
            raise pickle.PicklingError("a module that the model does not hold")
        return self._paths[id(vars(value))]


class _Unpickler(pickle.Unpickler):
    def __init__(self, pipe: io.BufferedReader, model: nn.Module) -> None:
        super().__init__(pipe)
        self._model = model

    def persistent_load(self, path: str) -> nn.Module | pytree.TreeSpec:
        """The module of this path, or the structure of one leaf."""
        return _LEAF_SPEC if path == _LEAF else self._model.get_submodule(path)


def fingerprint(call: Call) -> tuple[Any, ...]:
    """What two loads of one script have in common, if they made the same model and inputs."""
    modules = [(path, type(module).__qualname__) for path, module in call.model.named_modules()]
    return modules, call.model.training, input_specs(call.args, call.kwargs)
