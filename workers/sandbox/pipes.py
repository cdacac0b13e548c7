"""Pipes from a child to the worker, which never waits on one."""

import contextlib
import fcntl
import os

PIPE_BYTES = 2**20


def open_pipe(undo: contextlib.ExitStack) -> tuple[int, int]:
    """A reader that does not block, and a writer; both are closed by `undo`."""
    reader, writer = os.pipe()
    undo.callback(os.close, reader)
    undo.callback(os.close, writer)
    os.set_blocking(reader, False)
    with contextlib.suppress(OSError):  # a user may have used up his share of large pipes
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reader, writer


def read_some(fd: int, size: int) -> bytes | None:
    """What a non-blocking pipe holds, up to `size` bytes; None: nothing now, b"": the end."""
    try:
        return os.read(fd, size)
    except BlockingIOError:
        return None
