"""Answers questions on unbacked symbols in torch's place, where somebody knows their values.

Private interface: `ShapeEnv.evaluate_expr(expression, …)`, which raises a
GuardOnDataDependentSymNode where the answer depends on data, and the environment's table of hints
of backed symbols. Where the method is missing, nothing is answered: such a question stays an error.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode, ShapeEnv

from .patching import replaced

# Called with the environment, the expression and the error; None: no answer, the error stands.
Answer = Callable[[ShapeEnv, Any, BaseException], Any]


@contextmanager
def answered(answer: Answer) -> Iterator[None]:
    """Within the block `answer` is asked before a data-dependent question is an error."""
    original = getattr(ShapeEnv, "evaluate_expr", None)
    if original is None:
        yield
        return

    def evaluate_expr(self: ShapeEnv, expression: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, expression, *args, **kwargs)
        except GuardOnDataDependentSymNode as error:
            known = answer(self, expression, error)
            if known is None:
                raise
            return known

    with replaced(ShapeEnv, "evaluate_expr", evaluate_expr):
        yield


def hints(env: ShapeEnv) -> dict[Any, Any]:
    """Each backed symbol of an environment with the value it has in the example inputs."""
    for name in ("backed_var_to_val", "var_to_val"):  # 2.13 and later; before
        known = getattr(env, name, None)
        if known is not None:
            return dict(known)
    return {}


def fresh_symbols_forgotten(env: ShapeEnv) -> None:
    """Drop the symbols of a call that failed: torch wants each to be bound by some output."""
    getattr(env, "pending_fresh_unbacked_symbols", []).clear()


def environment_of(value: Any) -> ShapeEnv | None:
    """The shape environment of the export that is going on, from one of its values."""
    mode = torch._guards.detect_fake_mode(value)
    return None if mode is None else mode.shape_env
