"""Moves others' pages and handles faults: userfaultfd, move_pages, migrate_pages, memfd_secret."""

import ctypes
import os

from attack_kit import attempt, others, reached, syscall

for flags in (0, 1, 0x80000, 0x80001):  # UFFD_USER_MODE_ONLY is 1, O_CLOEXEC 0x80000
    if syscall("userfaultfd", flags) >= 0:
        reached(f"userfaultfd({flags:#x})")
if isinstance(attempt(os.open, "/dev/userfaultfd", os.O_RDWR), int):
    reached("/dev/userfaultfd")
page = ctypes.c_void_p(0x1000)
status = ctypes.c_int()
nodes = ctypes.c_ulong(1)
for pid in others():
    if syscall("move_pages", pid, 1, ctypes.byref(page), 0, ctypes.byref(status), 0) >= 0:
        reached(f"move_pages of {pid}")
    if syscall("migrate_pages", pid, 8, ctypes.byref(nodes), ctypes.byref(nodes)) >= 0:
        reached(f"migrate_pages of {pid}")
