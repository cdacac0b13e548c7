"""Raises from a recursion of a million calls, with a chain of causes as long."""

import sys
from typing import NoReturn

sys.setrecursionlimit(2_000_000)


def descend(depth: int) -> NoReturn:
    if depth == 0:
        error: Exception = ValueError("at the bottom")
        for number in range(100_000):
            cause, error = error, RuntimeError(str(number))
            error.__cause__ = cause
        raise error
    descend(depth - 1)


descend(1_000_000)
