"""Calls that come again and again: what a loop over a hundred masks meets is known after a few.

A call is counted where it failed or made unbacked symbols, for each module's code apart: the same
line in twelve blocks is no loop.
"""

from collections import Counter
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from .diagnose import Finding
from .met import Met
from .outputs import tensor_leaves
from .owners import owner_of
from .recorder import is_iterator
from .recording import Key, Recorded

REPEATS = 3  # a failing call is tried so often, and one that goes well before it is believed
BIRTHS = 8  # one that makes unbacked symbols and goes well: each may be asked about


@dataclass
class Loop:
    """Calls of one key from one module's code."""

    key: Key
    code: CodeType  # of the user's function that makes them
    owner: int | None
    count: int = 0
    failed: int = 0
    calls: int = 0  # of that function, that it came in
    met: Met | None = None  # what the last one met
    _frame: FrameType | None = None  # of the last of them

    @property
    def is_known(self) -> bool:
        """Whether it has come often enough."""
        return self.failed >= REPEATS or self.count >= BIRTHS

    def comes_in(self, frame: FrameType) -> None:
        """It came once more, in this call of its function."""
        self.calls += frame is not self._frame
        self._frame = frame

    def is_at(self, finding: Finding) -> bool:
        """Whether a finding is at the same line."""
        at = finding.culprit
        return at is not None and (at.path, at.line) == self.key[:2]


class Loops:
    """The loops of one export."""

    def __init__(self) -> None:
        self._loops: dict[tuple[Key, int | None], Loop] = {}
        self._keys: set[Key] = set()
        self._clean: Counter[Key] = Counter()  # calls that went well
        self._results: dict[Key, tuple[Recorded, Any]] = {}  # of the last of them
        self._tired: set[int | None] = set()  # modules with a loop that is known
        self.last: Loop | None = None

    def known(self, key: Key, frame: FrameType) -> Loop | None:
        """The loop of a call, if it has come often enough."""
        if key not in self._keys:
            return None
        loop = self._loops.get((key, owner_of(frame)))
        if loop is None or not loop.is_known:
            return None
        self._tired.add(loop.owner)
        loop.comes_in(frame)
        return loop

    def count(self, key: Key, frame: FrameType, *, failed: bool = False) -> Loop:
        """Count a call that failed, or made unbacked symbols."""
        owner = owner_of(frame)
        self._keys.add(key)
        loop = self._loops.setdefault((key, owner), Loop(key, frame.f_code, owner))
        loop.count += 1
        loop.failed += failed
        loop.comes_in(frame)
        self.last = loop
        return loop

    def keep(self, key: Key, recorded: Recorded, result: Any) -> None:
        """Take a call that went well."""
        self._clean[key] += 1
        if not is_iterator(result):
            self._results[key] = recorded, result

    def repeated(self, key: Key, frame: FrameType, recorded: Recorded) -> Any:
        """What a call in a known loop gives, made of its last result; None: it is to be made."""
        if not self.is_trusted(key) or owner_of(frame) not in self._tired:
            return None
        recorded_before, result = self._results.get(key, (None, None))
        if recorded_before is None or not (tensors := tensor_leaves(result)):
            return None
        before, gave = recorded_before(), recorded()
        if before is None or gave is None or len(tensors) != len(gave.tensors):
            return None
        return gave.rebuilt(tensors) if gave.is_like(before) else None

    def is_trusted(self, key: Key) -> bool:
        """Whether this call went well often enough, before stand-ins of a loop were constants."""
        return bool(self._tired) and self._clean[key] >= REPEATS

    def of(self, code: CodeType, owner: int | None) -> list[Loop]:
        """The loops whose calls this function makes for this module."""
        return [loop for loop in self._loops.values() if loop.code is code and loop.owner == owner]
