"""Attaches the host's System V segment; makes segments, queues and semaphores that outlive it."""

import errno

from attack_kit import HOST, MB, libc, reached, syscall

CREATE = 0o1600
for key, size, flags in ((HOST["sysv_key"], 0, 0), (HOST["sysv_key"], 1, 0o600), (0, MB, CREATE)):
    segment = syscall("shmget", key, size, flags)
    if segment >= 0 or segment == -errno.EACCES:
        reached(f"segment {segment} of key {key}")
    if segment >= 0 and syscall("shmat", segment, 0, 0o10000) > 0:
        reached(f"segment {segment} is attached")
    if segment >= 0 and key == 0:
        syscall("shmctl", segment, 0, 0)
for number in range(64):
    if syscall("shmat", number, 0, 0o10000) > 0:
        reached(f"segment {number} by its number")
if libc.shmget(0, MB, CREATE) >= 0:
    reached("a segment with libc")
for name, arguments in (("msgget", (0, CREATE)), ("semget", (0, 4, CREATE))):
    if syscall(name, *arguments) >= 0:
        reached(name)
