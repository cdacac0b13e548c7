"""Maps and touches anonymous private memory; asks for more addresses than there may be."""

import mmap

from attack_kit import MB, attempt, reached, syscall

LIMIT_MB = 1024
PRIVATE_ANONYMOUS = 0x22
for size in (2**40, 2**44):
    for extra in (0, 0x4000, 0x100, 0x40000):  # NORESERVE, GROWSDOWN, HUGETLB
        for protection in (0, 3):
            if syscall("mmap", 0, size, protection, PRIVATE_ANONYMOUS | extra, -1, 0) > 0:
                reached(f"{size} bytes of addresses, {protection}, {extra:#x}")
held = []
for _ in range(2 * LIMIT_MB // 16):
    area = attempt(mmap.mmap, -1, 16 * MB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if not isinstance(area, mmap.mmap):
        raise MemoryError from area
    area[:] = b"x" * len(area)
    held.append(area)
reached("twice the limit of mapped memory")
