"""From an exception to a typed failure: category, culprit line, module, expression."""

import ast
import inspect
import re
import textwrap
import traceback
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any

from torch import nn

from .call import Call
from .categories import category_of, chain_of, is_out_of_memory
from .emit import LONG, MESSAGE, SHORT, TEXT, cap
from .errors import ScriptError
from .frames import (
    Frame,
    Places,
    frames_of,
    innermost_upload,
    innermost_user,
    source_around,
    walk,
)
from .hints import hint_for
from .owners import path_of_owner, paths_by_state
from .refused import refusal_of
from .torch_guards import GuardLog, Recorded, source_name

MOST_FRAMES = 400
_DIMENSION = re.compile(r"L\['\w+'\][^\s,;]*?\.size\(\)\[\d+\]")
_SPECIALISED = re.compile(r"specialized it to be a constant|static by the user|specialized to")


def export_failure(
    error: BaseException, model: nn.Module, call: Call, guards: GuardLog
) -> dict[str, Any]:
    """What stopped an export, as workers/events.py has it.

    Args:
        error: what torch.export.export raised.
        model: the module that was exported.
        call: the user's call, whose line stands in where the export never came to a user line.
        guards: what had been assumed before the failure.
    """
    places = guards.places
    frames = [*call.stack, *_frames_of_chain(error, places)]
    culprit = innermost_user(frames)
    # The last of equal frames: a recursion runs the same line at several depths.
    below = frames[len(frames) - frames[::-1].index(culprit) :] if culprit else frames
    refusal = refusal_of(error, frames) if places.sealed else ""
    category = "sandbox" if refusal else category_of(error, below)
    module = _module_path(error, call.model, culprit)
    expression = str(getattr(_first(error, "cond"), "cond", ""))
    if category == "dynamic_shape_violation" and (guard := _violated(str(error), guards)):
        culprit, expression = guard.frame, guard.meaning or guard.text
        module = guard.module_path(call.model)
    elif category == "unsupported_output":
        culprit = _only_return(model, places) or culprit
    return _report(
        error,
        places,
        category=category,
        hint=refusal or hint_for(category),
        culprit=culprit,
        frames=frames,
        module=module,
        expression=expression,
    )


def script_failure(
    error: BaseException, places: Places, category: str, hint: str = ""
) -> dict[str, Any]:
    """What stopped the script or its eager run; `category` is one of these two.

    A MemoryError is out_of_memory, never the script's error; what the sandbox refused is sandbox.
    """
    frames = _frames_of_chain(error, places)
    if is_out_of_memory(error):
        category = "out_of_memory"
    elif places.sealed and (refusal := refusal_of(error, frames)):
        category, hint = "sandbox", refusal
    culprit = _syntax_frame(error, places) or innermost_user(frames)
    hint = hint or hint_for(category)
    return _report(error, places, category=category, hint=hint, culprit=culprit, frames=frames)


def _report(
    error: BaseException,
    places: Places,
    *,
    category: str,
    hint: str,
    culprit: Frame | None,
    frames: Sequence[Frame],
    module: str | None = None,
    expression: str = "",
) -> dict[str, Any]:
    upload = culprit if culprit and culprit.where == "upload" else innermost_upload(frames)
    name = type(error).__name__
    home = type(error).__module__
    is_plain = home in ("builtins", "__main__") or isinstance(error, ScriptError)
    return {
        "category": category,
        "exception": cap(name if is_plain else f"{home}.{name}", SHORT),
        "message": cap(places.shortened(str(error).strip()) or name, MESSAGE),
        "hint": cap(hint, TEXT),
        "culprit": culprit.as_event() if culprit else None,
        "upload": upload.as_event() if upload else None,
        "frames": [frame.as_event() for frame in _shown(frames)],
        "source": source_around(culprit) if culprit else None,
        "module": None if module is None else cap(module, SHORT),
        "expression": cap(expression, TEXT) or None,
        "stack": cap(_stack_text(error, places), LONG),
    }


def _stack_text(error: BaseException, places: Places) -> str:
    """The traceback as Python prints it, without the probe's own frames, file names shortened."""
    told = traceback.TracebackException.from_exception(error)
    links = [told]
    for link in links:
        kept = [item for item in link.stack if places.place(item.filename)[0] != "probe"]
        link.stack = traceback.StackSummary.from_list(kept)
        links += [other for other in (link.__cause__, link.__context__) if other is not None]
    return places.shortened("".join(told.format()).strip())


def _shown(frames: Sequence[Frame]) -> list[Frame]:
    """All frames but the probe's own; of very deep stacks the ends."""
    kept = [frame for frame in frames if frame.where != "probe"]
    if len(kept) <= MOST_FRAMES:
        return kept
    return kept[: MOST_FRAMES // 4] + kept[-(MOST_FRAMES - MOST_FRAMES // 4) :]


def _frames_of_chain(error: BaseException, places: Places) -> list[Frame]:
    """The frames that say most of where the user's code was.

    The explicit cause is deeper than what wraps it; an implicit context counts only where
    nothing else has a user frame, for it may be an exception that the user's code handled.
    """
    return _frames_of_link(_telling_link(error, places), places)


def _telling_link(error: BaseException, places: Places) -> BaseException:
    explicit = [error]
    while (cause := explicit[-1].__cause__) is not None and cause not in explicit:
        explicit.append(cause)
    for link in [*reversed(explicit), *chain_of(error)]:
        if innermost_user(_frames_of_link(link, places)):
            return link
    return error


def _frames_of_link(error: BaseException, places: Places) -> list[Frame]:
    frames = frames_of(error.__traceback__, places)
    if innermost_user(frames):
        return frames
    # Strict export runs no frame of the user's: dynamo keeps the stack it traced beside.
    stack = getattr(error, "real_stack", None) or []
    return frames + [
        places.frame(item.filename, item.lineno or 0, item.name)
        for item in stack
        if isinstance(item, traceback.FrameSummary)
    ]


def _first(error: BaseException, attribute: str) -> BaseException | None:
    return next((link for link in chain_of(error) if hasattr(link, attribute)), None)


def _violated(message: str, guards: GuardLog) -> Recorded | None:
    """The guard behind the first dimension that a constraint violation names."""
    named = [source_name(text) for text in _DIMENSION.findall(message)]
    about = [
        guard
        for guard in guards.recorded
        if guard.frame and (set(guard.sources.values()) & set(named) or not named)
    ]
    fixing = [guard for guard in about if guard.fixes]
    if _SPECIALISED.search(message) and fixing:
        return fixing[0]
    return next(iter(about), None)


def _only_return(model: nn.Module, places: Places) -> Frame | None:
    """The `return` of the model's forward, where there is just one."""
    try:
        lines, first = inspect.getsourcelines(type(model).forward)
        file = inspect.getsourcefile(type(model).forward)
    except (OSError, TypeError):
        return None
    body = ast.parse(textwrap.dedent("".join(lines)))
    returns = [node for node in ast.walk(body) if isinstance(node, ast.Return)]
    if len(returns) != 1 or file is None:
        return None
    name = f"{type(model).__qualname__}.forward"
    return places.frame(file, first + returns[0].lineno - 1, name)


def _module_path(error: BaseException, root: nn.Module, culprit: Frame | None) -> str | None:
    """The path of the innermost module whose code was running at the culprit line."""
    if culprit is None:
        return None
    paths = paths_by_state(root)
    for link in reversed(chain_of(error)):
        running = [raw for raw, line in _upto(link.__traceback__, culprit)]
        for raw in reversed(running):
            if (path := path_of_owner(raw, paths)) is not None:
                return path
    return None


def _upto(trace: TracebackType | None, culprit: Frame) -> list[tuple[FrameType, int]]:
    """The raw frames down to the culprit line; none where the line is not among them."""
    raw = list(walk(trace))
    at = [
        index
        for index, (frame, line) in enumerate(raw)
        if frame.f_code.co_filename == culprit.path and line == culprit.line
    ]
    return raw[: at[-1] + 1] if at else []


def _syntax_frame(error: BaseException, places: Places) -> Frame | None:
    if not isinstance(error, SyntaxError) or not error.filename:
        return None
    return places.frame(error.filename, error.lineno or 1, "<module>")
