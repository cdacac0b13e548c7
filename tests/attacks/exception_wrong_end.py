"""Ends with the exceptions that mean an end, made so that they mean none."""

import sys


class End(SystemExit):
    @property
    def code(self) -> object:  # type: ignore[override]
        raise MemoryError("a liar")


def hook(*arguments: object) -> None:
    raise GeneratorExit


sys.excepthook = hook
sys.unraisablehook = hook
raise End
