"""Remedies as tests ask them: source and a marked line in, edits out."""

import textwrap
from typing import Any

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.syntax import parses

ENTRY = "model.py"
VIOLATION = "dynamic_shape_violation"
SUGGESTED = """Constraints violated (words)! For more information, run with TORCH_LOGS="+dynamic".
  - Not all values of words
Suggested fixes:
  {}

The error above occurred when calling torch.export.export."""


def code(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def cause(text: str, at: str = "", **fields: Any) -> Cause:
    """A blocker of the entry file at the first line that holds `at`."""
    line = next((n for n, line in enumerate(text.splitlines(), 1) if at and at in line), None)
    given = {"category": "", "message": "", "exception": "", "in_upload": bool(at), **fields}
    return Cause(file=ENTRY if at else None, line=line, **given)


def edits(remedy: Remedy, text: str, at: str = "", message: str = "", **upload: Any) -> list[Edit]:
    """What one remedy proposes; every proposal parses and leaves the other lines as they are."""
    found = cause(text, at, message=message)
    assert bool(at) == (found.line is not None)
    given = list(remedy.propose(found, Upload({ENTRY: text}, ENTRY, **upload)))
    assert all(parses(new) for edit in given for new in edit.files.values())
    return given


def edited(remedy: Remedy, text: str, at: str = "", message: str = "", **upload: Any) -> str:
    """The one file that the one proposal of a remedy gives."""
    (edit,) = edits(remedy, text, at, message, **upload)
    assert edit.note
    return edit.files[ENTRY]


def function(body: str) -> str:
    """A file with one function of this body."""
    return f"import torch\n\n\ndef f(x, y, found, limit):\n{textwrap.indent(body, '    ')}"
