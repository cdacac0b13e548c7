"""Keeps the partial graphs that torch prints out of the run's log.

A failing non-strict export prints the graph so far to stderr, twice (torch/export/_trace.py,
2.13): up to megabytes in front of what the script itself wrote. Where a later torch prints it in
another form, it appears in the log again.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import TextIO

_PARTIAL_GRAPH = "def forward(self, arg"


class _Without:
    """A stream that drops the writes which are a partial graph, and passes on the rest."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._dropped = False

    def write(self, text: str) -> int:
        # print() writes what it was given and then, by itself, the end of the line.
        self._dropped = text.lstrip().startswith(_PARTIAL_GRAPH) or (self._dropped and text == "\n")
        return len(text) if self._dropped else self._stream.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def no_partial_graphs() -> Iterator[None]:
    """Within the block stderr takes everything but partial graphs."""
    with redirect_stderr(_Without(sys.stderr)):  # type: ignore[type-var]
        yield
