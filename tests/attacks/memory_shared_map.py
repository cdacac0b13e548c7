"""Maps and touches anonymous shared memory, which RLIMIT_DATA does not count."""

import mmap
import time

from attack_kit import MB, reached

LIMIT_MB = 1024
held = []
for _ in range(2 * LIMIT_MB // 16):
    area = mmap.mmap(-1, 16 * MB, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    area[:] = b"x" * len(area)
    held.append(area)
    time.sleep(0.005)
reached("twice the limit of shared memory")
