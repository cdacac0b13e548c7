"""Reads and sets the limits of others."""

import ctypes
import resource

from attack_kit import attempt, others, reached, syscall

for pid in others():
    old = (ctypes.c_uint64 * 2)()
    for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        if syscall("prlimit64", pid, what, 0, ctypes.byref(old)) >= 0:
            reached(f"limit {what} of {pid}: {old[:]}")
            if syscall("prlimit64", pid, what, ctypes.byref(old), 0) >= 0:  # as it was
                reached(f"limit {what} of {pid} was set")
    if isinstance(attempt(resource.prlimit, pid, resource.RLIMIT_AS), tuple):
        reached(f"prlimit of {pid}")
