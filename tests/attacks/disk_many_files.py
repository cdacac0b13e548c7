"""Makes 20,000 empty files, then as many folders and links."""

import os
from collections.abc import Callable

from attack_kit import attempt, reached, scratch, tell

folder = scratch()
made = 0
for number in range(20_000):
    fd = attempt(os.open, folder / f"file{number}", os.O_WRONLY | os.O_CREAT, 0o600)
    if not isinstance(fd, int):
        break
    os.close(fd)
    made += 1
makers: tuple[Callable[[str], object], ...] = (
    lambda name: (folder / f"{name}-folder").mkdir(),
    lambda name: (folder / f"{name}-link").symlink_to("nowhere" * 30),
    lambda name: os.mkfifo(folder / f"{name}-fifo"),
)
for make in makers:
    while made < 20_000 and attempt(make, str(made)) is None:
        made += 1
tell(f"{made} files")
if made >= 20_000:
    reached(f"{made} files")
