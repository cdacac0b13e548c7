"""Runs a program of its own: from a memfd, from scratch, from the upload."""

import ctypes
import os

from attack_kit import HERE, MB, attempt, read_path, scratch, syscall

SCRIPT = b"#!/bin/sh\necho REACHED exec of an own file\n"
ARGUMENTS = ["echo", "REACHED exec of an own file"]
argv = (ctypes.c_char_p * 3)(b"echo", b"REACHED exec of an own file", None)
environment = (ctypes.c_char_p * 1)(None)
program = attempt(read_path, "/bin/echo", 2 * MB)
contents = [SCRIPT] + ([program] if isinstance(program, bytes) else [])
for content in contents:
    for flags in (0, 1, 2, 0x10):  # CLOEXEC, ALLOW_SEALING, EXEC
        fd = syscall("memfd_create", "own", flags)
        if fd >= 0:
            attempt(os.write, fd, content)
            attempt(os.execve, fd, ARGUMENTS, {})
            attempt(os.execv, f"/proc/self/fd/{fd}", ARGUMENTS)
            syscall("execveat", fd, "", argv, environment, 0x1000)
    for folder in (scratch(), HERE):
        path = folder / "own_program"
        attempt(path.unlink)
        attempt(path.write_bytes, content)
        attempt(os.chmod, path, 0o755)
        attempt(os.execv, path, ARGUMENTS)
        syscall("execve", str(path), argv, environment)
        attempt(os.execv, "/lib64/ld-linux-x86-64.so.2", ["ld.so", str(path), *ARGUMENTS[1:]])
