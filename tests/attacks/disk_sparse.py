"""Makes sparse and preallocated files, and writes far beyond their ends."""

import os

from attack_kit import MB, attempt, reached, scratch, syscall, tell

total = 0
for number, size in enumerate((2**62, 2**50, 2**40, 2**33, 300 * MB, 64 * MB)):
    fd = attempt(os.open, scratch() / f"sparse{number}", os.O_RDWR | os.O_CREAT, 0o600)
    if not isinstance(fd, int):
        continue
    attempt(os.ftruncate, fd, size)
    attempt(os.pwrite, fd, b"x", size - 1)
    if size <= 300 * MB:
        for mode in (0, 1, 0x10):  # 1 KEEP_SIZE, 0x10 ZERO_RANGE
            syscall("fallocate", fd, mode, 0, size)
    total += os.fstat(fd).st_blocks * 512
    if os.fstat(fd).st_size >= 2**40:
        reached(f"a file of {os.fstat(fd).st_size} bytes")
tell(f"{total // MB} MB")
if total >= 200 * MB:
    reached(f"{total // MB} MB allocated")
