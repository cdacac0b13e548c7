"""Runs between the worker and the probe: binds itself to the worker, puts on the limits and
becomes the probe. Standard library only, started with -I -S; nothing hostile has run yet.

A program of its own, because what it does in a forked child of a process with threads may hang.
"""

import ctypes
import fcntl
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
FREE_FD = 100  # above all that the probe gets


def enter(parent: int, events: int, target: int, status: int, limits: str, argv: list[str]) -> None:
    """Become `argv`, with the pipe `events` as descriptor `target` and no other above stderr."""
    _die_with(parent)
    os.umask(0o077)
    with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - pathlib takes 10 ms
        file.write("1000")  # if the machine runs out of memory, this goes and not the worker
    for item in limits.split(","):
        name, _, value = item.partition("=")
        _limit(getattr(resource, name), int(value))
    os.dup2(events, target)
    if events != target:
        os.close(events)
    fcntl.fcntl(status, fcntl.F_SETFD, fcntl.FD_CLOEXEC)  # closes when the probe's program runs
    os.execv(argv[0], argv)  # noqa: S606 - the argv of policy.py


def _die_with(parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before this took hold
        os._exit(1)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


def main(args: list[str]) -> None:
    """Read the arguments that launch.py wrote; say on the status pipe what went wrong."""
    parent, events, target, status = map(int, args[:4])
    moved = fcntl.fcntl(status, fcntl.F_DUPFD_CLOEXEC, FREE_FD)
    os.close(status)
    try:
        enter(parent, events, target, moved, args[4], args[5:])
    except (OSError, ValueError) as error:
        os.write(moved, str(error).encode(errors="replace"))
        os._exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
