"""Where unbacked symbols are born: the user's line and the operator.

Private interface: `ShapeEnv.create_unbacked_symint`, `…_symfloat` and `…_symbool`, and the local
`func` of the dispatching frame, an OpOverload. Where a method is missing, an expression names its
symbols without saying where they came from.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from .emit import SHORT, cap
from .frames import Frame, Places, frame_of, outwards
from .patching import replaced

_MAKERS = ("create_unbacked_symint", "create_unbacked_symfloat", "create_unbacked_symbool")
_ITEM = "_local_scalar_dense"  # what .item(), int() and bool() of a tensor come to


@dataclass(frozen=True)
class Birth:
    """Where one symbol came from."""

    symbol: str
    operation: str
    frame: Frame | None

    def as_event(self) -> dict[str, Any]:
        """The birth as workers/events.py has it."""
        return {
            "symbol": cap(self.symbol, SHORT),
            "operation": cap(self.operation, SHORT),
            "frame": self.frame.as_event() if self.frame else None,
        }


@dataclass
class BirthLog:
    """The unbacked symbols of one export."""

    places: Places
    births: dict[str, Birth] = field(default_factory=dict)

    def add(self, value: Any) -> None:
        """Take a symbolic number that was just made."""
        frame, operation = _who_made(self.places)
        for symbol in value.node.expr.free_symbols:
            self.births.setdefault(str(symbol), Birth(str(symbol), operation, frame))

    def of(self, symbols: Any) -> list[Birth]:
        """The births of these symbols, in the order of their numbers."""
        known = {str(symbol) for symbol in symbols}
        return [birth for name, birth in self.births.items() if name in known]


@contextmanager
def recorded_births(places: Places) -> Iterator[BirthLog]:
    """Record where each unbacked symbol of the exports in the block is born."""
    log = BirthLog(places)
    with ExitStack() as stack:
        for name in _MAKERS:
            if original := getattr(ShapeEnv, name, None):
                stack.enter_context(replaced(ShapeEnv, name, _telling(original, log)))
        yield log


def _telling(original: Callable[..., Any], log: BirthLog) -> Callable[..., Any]:
    def create(self: ShapeEnv, *args: Any, **kwargs: Any) -> Any:
        value = original(self, *args, **kwargs)
        log.add(value)
        return value

    return create


def _who_made(places: Places) -> tuple[Frame | None, str]:
    """The innermost user frame of the running stack, and the operator that it called."""
    operation = ""
    for running in outwards(sys._getframe(3)):
        if places.is_user(running.f_code.co_filename):
            return frame_of(running, running.f_lineno, places), operation
        called = running.f_locals.get("func") if not operation else None
        if isinstance(called, torch._ops.OpOverload):
            operation = "item" if called._opname == _ITEM else called._opname
    return None, operation
