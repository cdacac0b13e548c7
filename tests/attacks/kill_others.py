"""Signals every other process: one by one, in groups, all at once. Only harmless signals."""

import os
import signal

from attack_kit import attempt, libc, others, reached, syscall

HARMLESS = (0, signal.SIGURG, signal.SIGCONT, signal.SIGWINCH)  # whether it may is what counts
for pid in others():
    for number in HARMLESS:
        if attempt(os.kill, pid, number) is None:
            reached(f"kill({pid}, {number})")
        if attempt(os.killpg, pid, number) is None:
            reached(f"killpg({pid}, {number})")
        if syscall("kill", pid, number) >= 0 or syscall("kill", -pid, number) >= 0:
            reached(f"a kill of {pid} by system call")
        if syscall("kill", pid | 1 << 32, number) >= 0:  # the kernel reads the low half
            reached(f"a kill of {pid} with high bits")
if attempt(os.kill, -1, 0) is None or libc.kill(-1, 0) == 0:
    reached("every process at once")
group = attempt(os.getpgrp)
if group != os.getpid() and attempt(os.kill, 0, 0) is None:
    reached(f"the process group {group}, which others are in")
