"""Which ways a run takes through the user's code, down to a half of a condition on one line."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from .frames import Places

Arc = tuple[CodeType, int, int]  # from one instruction to the next that ran
Tracer = Callable[[FrameType, str, Any], Any]


@contextmanager
def arcs_taken(places: Places) -> Iterator[set[Arc]]:
    """The arcs that are taken within the block, by this thread, outside torch and Python."""
    taken: set[Arc] = set()
    known: dict[CodeType, bool] = {}

    def on_call(frame: FrameType, event: str, _: Any) -> Tracer | None:
        code = frame.f_code
        if event != "call" or not known.setdefault(code, places.is_user(code.co_filename)):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return _tracer_of(code, taken)

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        yield taken
    finally:
        sys.settrace(before)


def _tracer_of(code: CodeType, taken: set[Arc]) -> Tracer:
    """What follows one running call of this code."""
    last = -1

    def on_opcode(frame: FrameType, event: str, _: Any) -> Tracer:
        nonlocal last
        if event == "opcode":
            taken.add((code, last, frame.f_lasti))
            last = frame.f_lasti
        return on_opcode

    return on_opcode
