"""Becomes root or another user by every call for it."""

import os

from attack_kit import attempt, reached, syscall

before = (os.getresuid(), os.getresgid(), attempt(os.getgroups))
for target in (0, 1, 1000, 65534, 2_100_000_000, 2_100_000_001):
    same = 2**32 - 1
    for name, arguments in (
        ("setuid", (target,)),
        ("setreuid", (target, target)),
        ("setresuid", (same, target, same)),
        ("setresuid", (same, same, target)),
        ("setgid", (target,)),
        ("setregid", (target, target)),
        ("setresgid", (same, target, same)),
    ):
        syscall(name, *arguments)
    syscall("setfsuid", target)
    if syscall("setfsuid", same) == target != before[0][1]:
        reached(f"the file system's uid {target}")
    attempt(os.setgroups, [target])
    attempt(os.initgroups, "root", target)
after = (os.getresuid(), os.getresgid(), attempt(os.getgroups))
if str(after) != str(before):
    reached(f"other ids: {after}, they were {before}")
