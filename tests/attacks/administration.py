"""Administers the machine: modules, kexec, swap, clock, names, log, ports, accounting."""

import ctypes
import os
import platform

from attack_kit import attempt, expect_failure, reached, syscall

# With arguments that change nothing where they are let in.
calls: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("kexec_load", (0, 0, 0, 0)),
    ("reboot", (0xFEE1DEAD, 672274793, 0, 0)),  # only switches ctrl-alt-del off
    ("swapon", ("/nowhere", 0)),
    ("swapoff", ("/nowhere",)),
    ("syslog", (10, 0, 0)),
    ("syslog", (3, ctypes.create_string_buffer(100), 100)),
    ("acct", (0,)),
    ("settimeofday", (0, 0)),
    ("sethostname", (platform.node(), len(platform.node()))),
    ("setdomainname", ("(none)", 6)),
    ("iopl", (3,)),
    ("ioperm", (0x80, 1, 1)),
    ("vhangup", ()),
)
for name, arguments in calls:
    if syscall(name, *arguments) >= 0:
        reached(f"{name}{arguments}")
for name, arguments in (("init_module", (b"", 0, "")), ("delete_module", ("nowhere", 0))):
    if syscall(name, *arguments) not in (-1, -38, -13):  # EPERM, ENOSYS, EACCES
        reached(f"{name} was let in")
expect_failure("a tracefs", os.open, "/sys/kernel/tracing/trace_marker", os.O_WRONLY)
attempt(os.sync)
