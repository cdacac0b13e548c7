"""Moves others into its process group and itself into theirs; takes their terminal."""

import os

from attack_kit import attempt, others, reached, syscall

own = os.getpgrp()
for pid in others():
    if syscall("setpgid", pid, own) >= 0:
        reached(f"{pid} is in our process group")
    group = attempt(os.getpgid, pid)
    if isinstance(group, int) and group != own and attempt(os.setpgid, 0, group) is None:
        reached(f"we are in the process group of {pid}")
    if attempt(os.tcsetpgrp, 0, pid) is None:
        reached(f"{pid} got the terminal")
for fd in (0, 1, 2):
    if attempt(os.ttyname, fd) and not isinstance(attempt(os.ttyname, fd), OSError):
        reached(f"a terminal at descriptor {fd}")
