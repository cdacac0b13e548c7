"""torch.export.load, raising what is wrong with a file.

It only logs the error (2.13 and 2.14: a warning of the logger `torch.export` with the exception)
and raises another one, that says to look there. Where it logs nothing, its own is raised.
"""

import logging
from pathlib import Path

import torch

Program = torch.export.ExportedProgram


def load(path: Path) -> Program:
    """The program in a .pt2 file.

    Raises:
        Exception: what stops torch from reading it.
    """
    kept, log = _Kept(), logging.getLogger("torch.export")
    log.addHandler(kept)
    try:
        loaded: Program = torch.export.load(path)
        return loaded
    except Exception:
        if kept.errors:
            raise _innermost(kept.errors[0]) from None
        raise
    finally:
        log.removeHandler(kept)


def _innermost(error: BaseException) -> BaseException:
    """What an error came from: torch wraps it into ones that print the node around it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


class _Kept(logging.Handler):
    """Keeps the exceptions that are logged."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging for each record."""
        if record.exc_info and record.exc_info[1] is not None:
            self.errors.append(record.exc_info[1])
