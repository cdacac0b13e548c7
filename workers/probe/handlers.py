"""Whether the user's own code would have handled an exception: then it stops nothing."""

import ast
import linecache
from functools import lru_cache
from types import FrameType

from .frames import Places, outwards


def is_handled(error: BaseException, frame: FrameType | None, places: Places, top: str) -> bool:
    """Whether a `try` of the user's, from `frame` outwards, has a handler for this exception.

    Args:
        error: what was raised below `frame`.
        frame: the innermost running frame.
        places: tells the user's files.
        top: the file of the frame where the search ends: the probe's own, around the model.
    """
    names = {cls.__name__ for cls in type(error).__mro__}
    return any(
        names & _catches(item)
        for running in outwards(frame, top)
        if places.is_user(file := running.f_code.co_filename)
        for item in _tries(file)
        if _is_in(item, running.f_lineno)
    )


@lru_cache(maxsize=256)
def _tries(file: str) -> tuple[ast.Try | ast.With, ...]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.With))


def _is_in(node: ast.Try | ast.With, line: int) -> bool:
    first, last = node.body[0], node.body[-1]
    return first.lineno <= line <= (last.end_lineno or last.lineno)


def _catches(node: ast.Try | ast.With) -> set[str]:
    """The names of the exceptions that a statement catches; a bare except is BaseException."""
    if isinstance(node, ast.With):
        calls = [item.context_expr for item in node.items]
        kinds = [
            argument
            for call in calls
            if isinstance(call, ast.Call) and _name(call.func) == "suppress"
            for argument in call.args
        ]
        return {_name(kind) for kind in kinds}
    found = set()
    for handler in node.handlers:
        if isinstance(handler.body[-1], ast.Raise):  # looks at it, and lets it go on
            continue
        if handler.type is None:
            found.add("BaseException")
        elif isinstance(handler.type, ast.Tuple):
            found |= {_name(kind) for kind in handler.type.elts}
        else:
            found.add(_name(handler.type))
    return found


def _name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
