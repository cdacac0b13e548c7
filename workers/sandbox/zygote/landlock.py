"""Landlock: which files a process may touch, from now on and for good.

Numbers are those of linux/landlock.h; each ABI knows what those before it knew. What a kernel
does not know yet, the seccomp filter forbids (truncation, signals, the network).
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from .kernel import check, libc

SYS_CREATE_RULESET = 444
SYS_ADD_RULE = 445
SYS_RESTRICT_SELF = 446
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
REMOVE_DIR = 1 << 4
REMOVE_FILE = 1 << 5
MAKE_DIR = 1 << 7
MAKE_REG = 1 << 8
MAKE_SYM = 1 << 12
REFER = 1 << 13
TRUNCATE = 1 << 14

ALL_OF_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
NET_ABI, NET = 4, 0b11  # bind and connect of TCP
SCOPE_ABI, SCOPED = 6, 0b11  # abstract sockets and signals stay inside

READ = READ_FILE | READ_DIR
SCRATCH = (
    READ | WRITE_FILE | TRUNCATE | REFER | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM
)
DEVICE = READ_FILE | WRITE_FILE | TRUNCATE  # of a file that is no folder
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE  # what a rule on a file may grant


def abi() -> int:
    """The kernel's Landlock ABI; 0 where it has none."""
    version = libc.syscall(SYS_CREATE_RULESET, None, ctypes.c_size_t(0), CREATE_RULESET_VERSION)
    return max(int(version), 0)


def restrict(rules: Iterable[tuple[str, int]]) -> None:
    """Forbid this thread, and what it starts, every file but those in `rules`.

    Args:
        rules: paths with the rights on all that is beneath. A path that is not there, or that
            this process may not see, is left out: it could not be used anyway.

    Raises:
        OSError: the kernel has no Landlock, or refuses.
    """
    version = check(abi() or -1, "landlock_create_ruleset")
    handled = max(rights for known, rights in ALL_OF_ABI.items() if known <= version)
    attributes = struct.pack(
        "=QQQ",
        handled,
        NET if version >= NET_ABI else 0,
        SCOPED if version >= SCOPE_ABI else 0,
    )
    size = 8 if version < NET_ABI else 16 if version < SCOPE_ABI else 24
    ruleset = check(
        libc.syscall(SYS_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0),
        "landlock_create_ruleset",
    )
    try:
        for path, rights in rules:
            _allow(ruleset, path, rights & handled)
        check(libc.syscall(SYS_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= OF_FILES
        rule = struct.pack("=Qi", rights, handle)
        check(
            libc.syscall(SYS_ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0),
            f"landlock_add_rule for {path}",
        )
    finally:
        os.close(handle)
