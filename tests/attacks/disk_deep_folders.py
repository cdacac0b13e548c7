"""Leaves folders inside folders, thousands deep, with long names, for who clears up after it."""

import os

from attack_kit import attempt, scratch, tell

for name in ("d", "long" * 63):
    os.chdir(scratch())
    depth = 0
    while depth < 5000:
        made = attempt(os.mkdir, name)
        if made is not None or attempt(os.chdir, name) is not None:
            break
        depth += 1
    tell(f"{depth} deep")
    attempt(os.chmod, ".", 0)
attempt(os.getcwd)
