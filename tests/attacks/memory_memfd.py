"""Fills memory through memfd files, which are in no map of the process."""

import os

from attack_kit import MB, attempt, reached, syscall, tell

LIMIT_MB = 1024
written = 0
for number in range(200):
    fd = syscall("memfd_create", f"bomb{number}", 0)
    if fd < 0:
        fd = syscall("memfd_secret", 0)
    if fd < 0:
        break
    for _ in range(4):
        size = attempt(os.write, fd, b"x" * (4 * MB))
        written += size if isinstance(size, int) else 0
    if written > 2 * LIMIT_MB * MB:
        break
tell(f"{written // MB} MB in memfd files")
if written > LIMIT_MB * MB:
    reached(f"{written // MB} MB in memfd files")
