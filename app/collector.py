"""Python's cycle collector, off while many values are made that hold no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Events and graphs have no cycles, and up to millions of values: walking those again and again
    takes two thirds of the time that it takes to read or to compare them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
