"""Writes big files to every folder that it may write to, 300 MB in all."""

import os

from attack_kit import HERE, MB, attempt, own_folders, reached, tell

written = 0
for number in range(10):
    for folder in {*own_folders(), HERE}:
        path = folder / f"big{number}"
        fd = attempt(os.open, path, os.O_WRONLY | os.O_CREAT, 0o600)
        while written < 300 * MB and isinstance(fd, int):
            size = attempt(os.write, fd, b"x" * MB)
            if not isinstance(size, int):
                break
            written += size
tell(f"{written // MB} MB")
if written >= 200 * MB:
    reached(f"{written // MB} MB on disk")
