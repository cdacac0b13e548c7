"""Keeps the tracer's module stack true when an exception passes through a module.

Private interface: `torch.fx.Tracer.call_module` and its `module_stack`. The tracer pushes a
module and pops it after the call, but not when the call raises, as a prefix's end does. Without
the repair later nodes would name modules that had been left; where the attributes are missing
nothing is repaired.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch.fx import Tracer


@contextmanager
def unwound_module_stack() -> Iterator[None]:
    """Within the block a module that is left by an exception leaves the stack too."""
    original = Tracer.call_module

    def call_module(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        stack = getattr(self, "module_stack", {})
        depth = len(stack)
        try:
            return original(self, *args, **kwargs)
        except BaseException:
            while len(stack) > depth:
                stack.popitem()
            raise

    Tracer.call_module = call_module  # type: ignore[method-assign]
    try:
        yield
    finally:
        Tracer.call_module = original  # type: ignore[method-assign]
