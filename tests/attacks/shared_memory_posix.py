"""Reads the host's shared memory, makes its own and leaves it behind."""

import os
from multiprocessing import shared_memory
from pathlib import Path

from attack_kit import HOST, LEFT, MB, attempt, libc, reached

name = HOST["shm_name"].lstrip("/")
for folder in ("/dev/shm", "/run/shm", "/proc/self/root/dev/shm"):
    if isinstance(attempt(Path(folder, name).read_bytes), bytes):
        reached(f"the host's segment in {folder}")
    if isinstance(attempt(Path(folder, LEFT).write_bytes, b"x"), int):
        reached(f"a file in {folder}")
    listed = attempt(os.listdir, folder)
    if isinstance(listed, list) and name in listed:
        reached(f"the listing of {folder}")
if libc.shm_open(f"/{name}".encode(), os.O_RDONLY, 0) >= 0:
    reached("the host's segment with shm_open")
fd = libc.shm_open(f"/{LEFT}_shm".encode(), os.O_RDWR | os.O_CREAT, 0o600)
if fd >= 0:
    size = attempt(os.write, fd, b"x" * (256 * MB))
    reached(f"a segment of its own, {size}")
    libc.shm_unlink(f"/{LEFT}_shm".encode())
if isinstance(attempt(shared_memory.SharedMemory, name), shared_memory.SharedMemory):
    reached("the host's segment with multiprocessing")
segment = attempt(shared_memory.SharedMemory, f"{LEFT}_segment", True, MB)
if isinstance(segment, shared_memory.SharedMemory):
    reached("a segment with multiprocessing")
    segment.unlink()
