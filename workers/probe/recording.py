"""What torch's functions and the user's gave in an eager run, call by call.

It stands in where export cannot go on. A call is known by the user's line, the function's name,
and how many calls of it that line has made before.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import count
from types import CodeType, FrameType
from typing import Any, Protocol

from .frames import qualname
from .outputs import NOTHING, Output

Key = tuple[str, int, str]  # file, line, function
# What a call gave; asked for only where it is needed, for the run may not have come there yet.
Recorded = Callable[[], Output | None]
MOST_CALLS = 200_000  # of one run that are kept


class Sink(Protocol):
    """Where a recorder puts what it sees."""

    def begin(self, key: Key) -> int:
        """A call begins: keep its place among those of its key."""

    def end(self, key: Key, place: int, output: Output | None) -> None:
        """It has given this. None: it is not known what."""

    def came_to(self, key: Key) -> None:
        """This function of the user's called one of torch's."""


class Recording:
    """The calls of one eager run. `more` adds to it while the run goes on; False at its end."""

    def __init__(self, more: Callable[[], bool] = lambda: False) -> None:
        self.lacks = False  # whether something of the run did not arrive
        self._outputs: dict[Key, list[Output | None]] = defaultdict(list)  # None: still running
        self._functions: set[Key] = set()
        self._kept = 0
        self._more = more

    def begin(self, key: Key) -> int:
        """A call begins: keep its place among those of its key."""
        self._outputs[key].append(None)
        return len(self._outputs[key]) - 1

    def end(self, key: Key, place: int, output: Output | None) -> None:
        """It has given this. None: it is not known what."""
        self._kept += 1
        self.lacks |= output is None
        is_kept = output is not None and self._kept <= MOST_CALLS
        self._outputs[key][place] = output if is_kept else NOTHING

    def came_to(self, key: Key) -> None:
        """This function of the user's called one of torch's."""
        self._functions.add(key)

    def has_come_to(self, key: Key) -> bool:
        """Whether the run called one of torch's functions from this function of the user's."""
        while key not in self._functions and self._more():
            pass
        return key in self._functions

    def output(self, key: Key, place: int) -> Output | None:
        """What a call gave; None where there was none, or it is not kept."""
        while not self._has_ended(key, place) and self._more():
            pass
        found = self._outputs[key][place] if self._has_ended(key, place) else None
        return None if found is NOTHING else found

    def outputs(self, key: Key) -> Iterator[Output]:
        """What every call of this key gave, of those that are kept, as they come."""
        for place in count():
            output = self.output(key, place)
            if output is not None:
                yield output
            elif place >= len(self._outputs.get(key, ())):
                return

    def _has_ended(self, key: Key, place: int) -> bool:
        known = self._outputs.get(key, ())
        return place < len(known) and known[place] is not None


class Cursor:
    """Where a run that repeats a recorded one is."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._seen: dict[Key, int] = defaultdict(int)

    def next(self, key: Key) -> Recorded:
        """What the call of this key that comes now gave when it was recorded."""
        place = self._seen[key]
        self._seen[key] += 1
        return lambda: self._recording.output(key, place)

    def all(self, key: Key) -> Iterator[Output]:
        """What every call of this key gave, as they come."""
        return self._recording.outputs(key)


def key_of_code(code: CodeType) -> Key:
    """How a call of one of the user's functions is known."""
    return code.co_filename, code.co_firstlineno, f"def {qualname(code)}"


def key_of(frame: FrameType, function: Any) -> Key:
    """How a call of `function` from this frame is known."""
    name = getattr(function, "__name__", "") or str(function)
    if name == "__get__":  # a property: the descriptor has its name
        name = f"get {getattr(getattr(function, '__self__', None), '__name__', '')}"
    return frame.f_code.co_filename, frame.f_lineno, name
