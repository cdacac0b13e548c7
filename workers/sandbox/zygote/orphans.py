"""What an unsealed script leaves running: adopted by the zygote, and ended between jobs.

A sealed child cannot start a process, so only the tier `off` needs this.
"""

import contextlib
import os
import signal
from pathlib import Path

from .kernel import PR_SET_CHILD_SUBREAPER, prctl


def adopt() -> None:
    """Become the parent of what descendants leave behind, so that `end_all` sees it."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_group(pid: int) -> None:
    """Kill the process group of a dead child that was not waited for yet: its pid is still its."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_all() -> int:
    """Kill and bury every child of this process; returns how many.

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
