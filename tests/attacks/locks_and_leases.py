"""Holds up the host by leases and locks on files that it may read."""

import fcntl
import os
from pathlib import Path

from attack_kit import HOST, attempt, reached, syscall

found = attempt(lambda: sorted(Path(HOST["site_packages"]).glob("*/INSTALLER")))
files = [HOST["canary_file"], *(found if isinstance(found, list) else []), os.__file__]
for path in files[:20]:
    fd = attempt(os.open, path, os.O_RDONLY)
    if not isinstance(fd, int):
        continue
    for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK):
        if syscall("fcntl", fd, 1024, kind) >= 0:  # F_SETLEASE
            reached(f"a lease on {path}")
            syscall("fcntl", fd, 1024, fcntl.F_UNLCK)
