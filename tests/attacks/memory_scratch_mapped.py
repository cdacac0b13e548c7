"""Maps files of scratch and touches more than the folder may hold."""

import mmap
import os

from attack_kit import MB, attempt, reached, scratch

held = []
total = 0
for number in range(64):
    fd = attempt(os.open, scratch() / f"map{number}", os.O_RDWR | os.O_CREAT, 0o600)
    if not isinstance(fd, int) or attempt(os.ftruncate, fd, 8 * MB) is not None:
        break
    area = mmap.mmap(fd, 8 * MB)
    area[:] = b"x" * len(area)
    held.append(area)
    total += 8
if total >= 300:
    reached(f"{total} MB of mapped files")
