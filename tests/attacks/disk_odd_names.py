"""Leaves names that are hard to clear up: not UTF-8, line ends, escapes, 255 bytes, no rights."""

import os

from attack_kit import attempt, scratch

NAMES = (
    b"\xff\xfe\xed\xa0\x80",
    b"-rf",
    b"new\nline",
    b"\x1b[31m\x07",
    b" ",
    b"x" * 255,
    b"...",
    b"$(reboot)",
    b"; reboot",
    b"*",
    b"<script>alert(1)</script>",
    "\u202egpj.py".encode(),
)
base = os.fsencode(scratch())
for name in NAMES:
    attempt(os.mkdir, base + b"/" + name)
    for inner in NAMES:
        path = base + b"/" + name + b"/" + inner
        fd = attempt(os.open, path, os.O_WRONLY | os.O_CREAT, 0)
        if isinstance(fd, int):
            os.close(fd)
    attempt(os.chmod, base + b"/" + name, 0)
