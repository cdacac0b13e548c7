"""Writes to every folder of a Unix that somebody may write to."""

import os
import tempfile
from pathlib import Path

from attack_kit import HERE, HOST, LEFT, attempt, is_own, reached

FOLDERS = (
    *("/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/run/lock", "/var/lock", "/dev", "/etc"),
    *("/root", "/home", "/mnt", "/opt", "/srv", "/usr/local", "/var/crash", "/var/spool/cron"),
    *(
        "/dev/mqueue",
        "/proc/self",
        "/proc/self/cwd/..",
        "/sys/fs/cgroup",
        f"/run/user/{os.getuid()}",
    ),
    *(HOST["data_dir"], HOST["writable_dir"], HOST["other_run_dir"], str(HERE.parent)),
)
for folder in FOLDERS:
    if is_own(folder):
        continue
    path = Path(folder, f"{LEFT}_elsewhere")
    for make in (lambda: os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), path.mkdir, path.touch):  # noqa: B023
        if not isinstance(attempt(make), BaseException):
            reached(f"a file in {folder}")
    fd = attempt(os.open, folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    if isinstance(fd, int):
        reached(f"a file without a name in {folder}")
made = attempt(tempfile.mkdtemp, "", "", None)
if isinstance(made, str) and not is_own(made):
    reached(f"a temporary folder outside scratch: {made}")
