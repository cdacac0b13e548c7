"""The seccomp filter: an allow-list of system calls, compiled by libseccomp to a BPF program.

What is not on it answers ENOSYS, as a kernel would that never had it: libraries then take their
other way, or say what is missing. The program is bytes, so that a zygote of any Python can put
it on (see zygote/seal.py, which writes the child's pid into it).
"""

import errno
import os
import tempfile
from functools import cache
from typing import Any

from workers.sandbox.zygote.seal import PID_MARK

# Reading and writing what is open, and asking what is there. Landlock says which files.
FILES = """
    read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek close
    close_range dup dup2 dup3 pipe pipe2 sendfile copy_file_range fadvise64 fallocate ftruncate
    fsync fdatasync umask stat fstat lstat newfstatat statx access faccessat faccessat2 readlink
    readlinkat getdents getdents64 getcwd chdir fchdir statfs fstatfs mkdir mkdirat rmdir unlink
    unlinkat rename renameat renameat2 link linkat symlink symlinkat
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
    epoll_pwait2 eventfd2
"""
MEMORY = """
    brk mmap mprotect munmap mremap madvise mincore msync membarrier get_mempolicy
"""
# Of this process and its threads alone.
PROCESS = """
    futex futex_waitv set_robust_list get_robust_list rseq set_tid_address arch_prctl exit
    exit_group restart_syscall gettid getpid getppid getuid geteuid getgid getegid getresuid
    getresgid getgroups getpgrp getpgid getsid getpriority capget uname sysinfo times getrusage
    getcpu getrlimit wait4 waitid rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending
    rt_sigtimedwait rt_sigsuspend sigaltstack pause alarm getitimer setitimer nanosleep
    clock_nanosleep clock_gettime clock_getres gettimeofday time getrandom sched_yield
    sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
    sched_get_priority_min
"""
# Of a socket pair, the only sockets there are: asyncio wakes its loop by one.
PAIRS = "shutdown getsockname getpeername getsockopt"

# Answered with success and not done: mode and times are not Landlock's to forbid, and a script
# that copies a file sets both.
PRETENDED = "chmod fchmod fchmodat fchmodat2 flock"
# The same with times to set. Without, it is touch(1)'s: told no, Path.touch opens the file instead.
TIMES = (("utime", 1), ("utimes", 1), ("utimensat", 2), ("futimesat", 2))
UNSUPPORTED = """
    getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr listxattr llistxattr flistxattr
    removexattr lremovexattr fremovexattr
"""

CLONE_THREAD = 0x0001_0000
CLONE_NEW = 0x7E02_0080  # any namespace
FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030)  # descriptors, flags and locks; not owners, not leases
IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # terminal? its size, FIO*
PRCTL = (3, 15, 16, 23, 39, 0x5356_4D41)  # dumpable? names, capabilities? no_new_privs? PR_SET_VMA
# Not for reading only with O_TRUNC: Landlock before ABI 3 lets that truncate. And not in mode 3,
# for ioctl alone, which no Landlock asks about.
OPENED_FOR = (
    os.O_RDONLY,
    os.O_WRONLY,
    os.O_RDWR,
    os.O_WRONLY | os.O_TRUNC,
    os.O_RDWR | os.O_TRUNC,
)
AF_UNIX, SOCK_STREAM, SOCK_TYPES = 1, 1, 0xF
LOW = 0xFFFF_FFFF  # the bits of an int; what stands above them is not defined


class NoFilterError(Exception):
    """This machine cannot compile a filter; the text says why, and what to do."""


@cache
def compile_filter() -> bytes:
    """The BPF program, with PID_MARK where the child's own pid belongs.

    Raises:
        NoFilterError: libseccomp is missing or does not know this machine.
    """
    try:
        import pyseccomp as seccomp  # type: ignore[import-untyped]
    except (ImportError, OSError, RuntimeError) as error:
        raise NoFilterError(
            f"libseccomp cannot be loaded ({error}): install the package libseccomp2"
        ) from None
    made = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    made.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    rules = _Rules(made, seccomp)
    rules.allow(_names(FILES, MEMORY, PROCESS, PAIRS))
    rules.answer(seccomp.ERRNO(0), _names(PRETENDED))
    rules.answer(seccomp.ERRNO(errno.ENOTSUP), _names(UNSUPPORTED))
    rules.pretend_times()
    rules.allow_by_arguments()
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


class _Rules:
    """Adds rules to a filter, passing over calls that this architecture does not have."""

    def __init__(self, made: Any, seccomp: Any) -> None:
        self._made = made
        self._seccomp = seccomp

    def allow(self, names: list[str]) -> None:
        """Allow these, whatever their arguments."""
        self.answer(self._seccomp.ALLOW, names)

    def answer(self, action: int, names: list[str]) -> None:
        """Answer these so, whatever their arguments."""
        for name in names:
            self._add(action, name)

    def pretend_times(self) -> None:
        """Answer what sets given times with success, and do nothing."""
        for name, argument in TIMES:
            given = self._seccomp.Arg(argument, self._seccomp.NE, 0)
            self._add(self._seccomp.ERRNO(0), name, given)

    def allow_by_arguments(self) -> None:
        """Allow the calls that some arguments make harmless."""
        for name, flags in (("open", 1), ("openat", 2)):
            for how in OPENED_FOR:
                self._if(name, flags, how, os.O_TRUNC | os.O_ACCMODE)
        self._if("clone", 0, CLONE_THREAD, CLONE_THREAD | CLONE_NEW)
        for name, argument, values in (
            ("fcntl", 1, FCNTL),
            ("ioctl", 1, IOCTL),
            ("prctl", 0, PRCTL),
            ("kill", 0, (PID_MARK,)),
            ("tgkill", 0, (PID_MARK,)),
            ("prlimit64", 0, (0, PID_MARK)),
            ("sched_setaffinity", 0, (0,)),
        ):
            for value in values:
                self._if(name, argument, value)
        equal = self._seccomp.MASKED_EQ
        self._add(
            self._seccomp.ALLOW,
            "socketpair",
            self._seccomp.Arg(0, equal, LOW, AF_UNIX),
            self._seccomp.Arg(1, equal, SOCK_TYPES, SOCK_STREAM),
        )
        for name in ("sendto", "recvfrom"):  # without an address: over a pair
            self._add(self._seccomp.ALLOW, name, self._seccomp.Arg(4, self._seccomp.EQ, 0))

    def _if(self, name: str, argument: int, value: int, mask: int = LOW) -> None:
        equal = self._seccomp.Arg(argument, self._seccomp.MASKED_EQ, mask, value)
        self._add(self._seccomp.ALLOW, name, equal)

    def _add(self, action: int, name: str, *arguments: Any) -> None:
        if self._seccomp.resolve_syscall(self._seccomp.Arch.NATIVE, name) >= 0:
            self._made.add_rule(action, name, *arguments)


def _names(*texts: str) -> list[str]:
    return " ".join(texts).split()
