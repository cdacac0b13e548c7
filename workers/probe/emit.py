"""Writes events: one JSON object a line on the worker's pipe, capped as workers/events.py asks."""

import base64
import json
import os
import sys
from typing import Any, NoReturn

SHORT = 400
TEXT = 2_000
MESSAGE = 20_000
LONG = 200_000
PIECE_BYTES = 3 * 2**18  # 1 MiB in base64


def cap(value: object, limit: int = TEXT) -> str:
    """`value` as text that the worker accepts: valid Unicode of at most `limit` characters."""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Emitter:
    """The way out. Nothing else of the probe writes to the pipe."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._noted: set[tuple[str, str]] = set()

    def emit(self, type_: str, **fields: Any) -> None:
        """Write one event.

        Raises:
            ValueError: a number is not finite; the caller gives those as text.
        """
        line = json.dumps({"type": type_, **fields}, allow_nan=False, separators=(",", ":"))
        data = memoryview(line.encode("ascii") + b"\n")
        while data:
            data = data[os.write(self._fd, data) :]

    def file(self, name: str, data: memoryview) -> None:
        """Send a file in pieces. Of an empty one there are none."""
        for start in range(0, len(data), PIECE_BYTES):
            piece = base64.b64encode(data[start : start + PIECE_BYTES]).decode("ascii")
            self.emit("piece", name=name, data=piece)

    def note(self, code: str, message: str) -> None:
        """Tell the person something about the run, once."""
        if (code, message) not in self._noted:
            self._noted.add((code, message))
            self.emit("note", code=code, message=cap(message))

    def finish(self, **fields: Any) -> NoReturn:
        """Say that this is the end, and end: no handler of the script runs any more."""
        self.emit("finished", **fields)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
