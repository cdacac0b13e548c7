"""Makes the pipes non-blocking and small, and reads what is in them again."""

import fcntl
import os

from attack_kit import MB, attempt, event_pipes, reached, say, syscall

for fd in (*event_pipes(), 1, 2):
    attempt(os.set_blocking, fd, False)
    for size in (4096, 64 * MB, 2**31 - 1):
        now = attempt(fcntl.fcntl, fd, fcntl.F_SETPIPE_SZ, size)
        if isinstance(now, int) and now > 16 * MB:
            reached(f"a pipe of {now} bytes")
    again = attempt(os.open, f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK)
    if isinstance(again, int):
        attempt(os.set_blocking, again, False)
        attempt(os.read, again, MB)  # what it said itself, taken back before the worker reads it
    syscall("vmsplice", fd, 0, 0, 0)
attempt(say, b"y" * (8 * MB))
