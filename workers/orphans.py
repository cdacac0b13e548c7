"""Processes and their parents on Linux: a worker ends with whoever started it, and outlives no
process that a script left behind."""

import contextlib
import ctypes
import os
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def die_with(parent: int) -> bool:
    """Get SIGTERM when `parent` ends; False if it has ended already."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


def adopt() -> None:
    """Become the parent of what descendants leave behind, so that `end_all` sees it."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_all() -> int:
    """Kill and bury every child of this process; returns how many. Only between runs.

    A process that left its group by setsid is not killed with it; its parent is, and then it is
    ours. What it started in turn becomes ours when it dies, so look until there is nothing.
    """
    count = 0
    while children := _children():
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
                count += 1
    return count


def _children() -> list[int]:
    pids: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that ended, or a kernel without the file
            pids += map(int, (task / "children").read_text().split())
    return pids


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option})")
