"""Which `return` gave a model's output, seen in an eager run."""

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch

from .frames import Frame, Places, frame_of
from .snapshot import clone_tensors


def return_of(
    forward: Callable[..., Any],
    run: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    places: Places,
) -> Frame | None:
    """The line at which `forward` returned, when `run` was called in eager; None: it did not."""
    code = getattr(inspect.unwrap(forward), "__code__", None)
    last: list[Frame] = []

    def on_call(frame: FrameType, _event: str, _value: Any) -> Any:
        return on_line if frame.f_code is code else None

    def on_line(frame: FrameType, event: str, _value: Any) -> Any:
        if event == "return":
            last.append(frame_of(frame, frame.f_lineno, places))
        return on_line

    args, kwargs = clone_tensors((args, kwargs))
    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        with torch.no_grad():
            run(*args, **kwargs)
    except Exception:
        return None
    finally:
        sys.settrace(before)
    return last[-1] if last else None
