"""Runs between the worker and the zygote: binds itself to the worker and, where that is root,
becomes the slot's own user. Then it becomes bwrap, or the runtime's Python.

A program of its own, because what it does in a forked child of a process with threads may hang.
"""

import contextlib
import json
import os
import signal
import stat
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # -I leaves it out

from workers.sandbox.zygote.kernel import (
    CLONE_NEWNS,
    MS_BIND,
    MS_NODEV,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    PR_SET_PDEATHSIG,
    mount,
    prctl,
    unshare,
)

CONTROL_FD = 3


def enter(parent: int, control: int, uid: int, needed: list[str], argv: list[str]) -> None:
    """Become `argv`, with the control socket as descriptor 3.

    Args:
        parent: the worker, which this process ends with.
        control: the descriptor of the socket to it.
        uid: the user and group to become; 0: stay who we are.
        needed: files and folders that this user must be able to reach.
        argv: the program.
    """
    os.umask(0o022)
    if uid:
        with contextlib.suppress(PermissionError):  # root without the right to: what it can reach
            open_a_way(uid, needed)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.umask(0o077)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user clears it, so only now
    if os.getppid() != parent:  # it died before this took hold
        os._exit(1)
    os.dup2(control, CONTROL_FD)
    if control != CONTROL_FD:
        os.close(control)
    os.execv(argv[0], argv)  # noqa: S606 - the argv of policy.py


def open_a_way(uid: int, needed: list[str]) -> None:
    """Let `uid` reach what is needed in folders that it may not enter, such as root's own.

    In a mount namespace of its own each such folder is covered by an empty one, in which only
    what is needed is mounted, at the path that it has. Nothing else in the folder can be seen.
    """
    unshare(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    closed: dict[Path, list[Path]] = {}
    for path in map(Path, needed):
        if path.exists() and (folder := first_closed(path, uid)) is not None:
            closed.setdefault(folder, []).append(path)
    for folder, paths in closed.items():
        handles = [(path, os.open(path, os.O_PATH)) for path in paths]
        mount("tmpfs", str(folder), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=0755")
        for path, handle in handles:
            _make_place(path, is_folder=stat.S_ISDIR(os.fstat(handle).st_mode))
            mount(f"/proc/self/fd/{handle}", str(path), None, MS_BIND | MS_REC)
            os.close(handle)


def first_closed(path: Path, uid: int) -> Path | None:
    """The outermost folder above `path` that other users may not enter, if one is."""
    for folder in reversed(path.parents):
        found = folder.stat()
        if found.st_uid != uid and not found.st_mode & stat.S_IXOTH:
            return folder
    return None


def _make_place(path: Path, *, is_folder: bool) -> None:
    for folder in reversed(path.parents):
        folder.mkdir(mode=0o755, exist_ok=True)
    if is_folder:
        path.mkdir(mode=0o755, exist_ok=True)
    else:
        path.touch()


def main(text: str) -> None:
    """Read the arguments that launch.py wrote; say on stderr what went wrong."""
    try:
        enter(**json.loads(text))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1])
