"""The system calls that Python has no names for. Linux only; numbers are those of its headers."""

import ctypes
import os
import struct

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2

CLONE_NEWNS = 0x0002_0000
CLONE_NEWUSER = 0x1000_0000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x4_0000

CAPABILITIES = 64  # more than any kernel has
CAPABILITY_VERSION_3 = 0x2008_0522
INSTRUCTION_BYTES = 8  # of a BPF program

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


class SockFprog(ctypes.Structure):
    """A BPF program for prctl: how many instructions, and where they are."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def check(result: int, what: str) -> int:
    """Pass on what a call gave; OSError, which names it, if it failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int = 0) -> None:
    """prctl(2) with one argument."""
    result = libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0)
    check(result, f"prctl({option}, {value})")


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` name for new ones."""
    check(libc.unshare(flags), f"unshare({flags:#x})")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2)."""
    result = libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        options.encode(),
    )
    check(result, f"mount of {target}")


def drop_capabilities() -> None:
    """Give up every capability, and the way back to any."""
    for number in range(CAPABILITIES):
        if libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
            break  # past the last one, or nothing left to drop it with
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, bytes(24)), "capset")


def set_filter(program: bytes) -> None:
    """Put a seccomp filter on this thread; no_new_privs must be set."""
    buffer = ctypes.create_string_buffer(program, len(program))
    size = len(program) // INSTRUCTION_BYTES
    prog = SockFprog(size, ctypes.cast(buffer, ctypes.c_char_p))
    result = libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(prog), 0, 0)
    check(result, "prctl(PR_SET_SECCOMP)")
