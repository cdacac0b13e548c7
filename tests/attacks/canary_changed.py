"""Changes a file of the host that its user may write by plain rights, and the folder around it."""

import os
import socket
import sqlite3
from pathlib import Path

from attack_kit import HOST, LEFT, attempt, reached, scratch, syscall

canary = HOST["canary_file"]
folder = HOST["writable_dir"]
new = f"{folder}/{LEFT}"
own = scratch() / "own"
attempt(own.write_bytes, b"from the sandbox")


def bind() -> None:
    socket.socket(socket.AF_UNIX).bind(f"{new}.socket")


for flags in (
    os.O_WRONLY,
    os.O_RDWR,
    os.O_APPEND | os.O_WRONLY,
    os.O_TRUNC,
    os.O_CREAT | os.O_RDWR,
):
    for path in (canary, f"/proc/self/root{canary}", f"{scratch()}/{'../' * 40}{canary}"):
        if isinstance(attempt(os.open, path, flags), int):
            reached(f"{path} is open with {flags:#x}")
steps = {
    "a new file": lambda: Path(new).write_bytes(b"x"),
    "a folder": lambda: os.mkdir(f"{new}.folder"),  # noqa: PTH102
    "a fifo": lambda: os.mkfifo(f"{new}.fifo"),
    "a socket": bind,
    "a symbolic link": lambda: os.symlink("/etc/passwd", f"{new}.link"),  # noqa: PTH211
    "a hard link out": lambda: os.link(own, f"{new}.hard"),
    "a hard link in": lambda: os.link(canary, scratch() / "canary"),
    "a rename out": lambda: os.rename(own, f"{new}.renamed"),  # noqa: PTH104
    "a rename over it": lambda: os.replace(own, canary),  # noqa: PTH105
    "a rename in": lambda: os.rename(canary, scratch() / "canary"),  # noqa: PTH104
    "truncate": lambda: os.truncate(canary, 0),
    "a database": lambda: sqlite3.connect(f"{new}.db").execute("create table x(y)"),
    "a file without a name": lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600),
    "unlink": lambda: os.unlink(canary),  # noqa: PTH108
}
for what, step in steps.items():
    if not isinstance(attempt(step), BaseException):
        reached(f"{what} in the host's folder")
before = attempt(os.stat, canary)
attempt(os.chmod, canary, 0o777)
attempt(os.utime, canary, (1, 1))
after = attempt(os.stat, canary)
if isinstance(before, os.stat_result) and str(after) != str(before):
    reached("the rights or times of the canary")
if syscall("setxattr", canary, "user.attack", b"x", 1, 0) >= 0 and attempt(os.listxattr, canary):
    reached("an attribute of the canary")
