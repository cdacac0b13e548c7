"""Forks with libc and raw system calls: fork, clone, clone3, with odd flags."""

import ctypes
import os

from attack_kit import attempt, libc, reached, syscall


def check(what: str, pid: object) -> None:
    if isinstance(pid, int) and pid >= 0:
        reached(f"{what}: {pid}")
        if pid == 0:
            os._exit(0)
        attempt(os.waitpid, pid, 0)


SIGCHLD = 17
check("libc fork", libc.fork())
check("fork", syscall("fork"))
for flags in (SIGCHLD, 0, 0x400 | SIGCHLD, 0x200 | SIGCHLD, 0x2000 | SIGCHLD, 0x800000 | SIGCHLD):
    check(f"clone({flags:#x})", syscall("clone", flags, 0, 0, 0, 0))
    check(f"clone({flags:#x}) with high bits", syscall("clone", flags | 1 << 32, 0, 0, 0, 0))
arguments = (ctypes.c_uint64 * 11)()
for size in (64, 80, 88):
    for flags in (0, 0x200000000, 0x100000000):  # nothing, CLONE_INTO_CGROUP, CLEAR_SIGHAND
        arguments[0], arguments[4] = flags, SIGCHLD
        check(f"clone3({flags:#x})", syscall("clone3", arguments, size))
