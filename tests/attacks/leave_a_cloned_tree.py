"""Leaves 40,000 entries in circles of names, to make clearing up slow."""

import os
from pathlib import Path

from attack_kit import attempt, scratch

made = 0
level = [scratch()]
while level and made < 40_000:
    below: list[Path] = []
    for folder in level:
        for number in range(8):
            path = folder / f"{number}"
            if attempt(path.mkdir) is not None:
                break
            attempt(os.symlink, "../" * 5, path / "up")
            below.append(path)
            made += 2
    level = below
