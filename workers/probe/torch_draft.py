"""What draft_export went past, from the report that it leaves on its program.

`ExportedProgram._report` is torch's own (2.13 and 2.14: a list of failures, each with a type and
the record of torch's structured trace). Where it has another form, nothing is said.
"""

from collections.abc import Sequence
from typing import Any

import torch

from .emit import TEXT, cap
from .frames import Frame, Places, innermost_user

MOST = 200


def guesses_of(program: torch.export.ExportedProgram, places: Places) -> list[dict[str, Any]]:
    """Each thing that draft_export decided by itself, as a Guess of workers/events.py."""
    report = getattr(program, "_report", None)
    names = getattr(report, "str_to_filename", {})
    return [
        guess
        for failure in getattr(report, "failures", ())[:MOST]
        if (guess := _guess(failure, names, places)) is not None
    ]


def _guess(failure: Any, names: dict[int, str], places: Places) -> dict[str, Any] | None:
    kind, data = getattr(failure, "failure_type", None), getattr(failure, "data", None)
    if kind is None or not isinstance(data, dict):
        return None
    frame = innermost_user(_frames(data.get("user_stack") or (), names, places))
    return {
        "kind": str(kind).lower(),
        "text": cap(_text(data), TEXT),
        "frame": frame.as_event() if frame else None,
    }


def _text(data: dict[str, Any]) -> str:
    """What was decided: an operator with what is wrong with it, or an expression with its value."""
    if "op" in data:
        return ": ".join(str(data[key]) for key in ("op", "reason") if data.get(key))
    expression = str(data.get("expr", ""))
    return f"{expression} is taken as {data['result']}" if "result" in data else expression


def _frames(stack: Sequence[dict[str, Any]], names: dict[int, str], places: Places) -> list[Frame]:
    """The lines that led to it, outermost first; file names are numbers in torch's trace."""
    return [
        places.frame(names.get(item["filename"], ""), item["line"], item["name"])
        for item in stack
        if names.get(item["filename"])
    ]
