"""Becomes another program, with every form of exec."""

import ctypes
import os

from attack_kit import HOST, attempt, reached, syscall

PROGRAM = "/bin/echo"
ARGUMENTS = [PROGRAM, "REACHED exec"]
argv = (ctypes.c_char_p * 3)(PROGRAM.encode(), b"REACHED exec by system call", None)
environment = (ctypes.c_char_p * 1)(None)

# A refused exec comes back; one that works says REACHED itself.
attempt(os.execv, PROGRAM, ARGUMENTS)
attempt(os.execve, PROGRAM, ARGUMENTS, {})
attempt(os.execvp, "echo", ARGUMENTS)
attempt(os.execv, f"{HOST['python_prefix']}/bin/python", ["python", "-c", "print('REACHED exec')"])
attempt(os.execv, "/lib64/ld-linux-x86-64.so.2", ["ld.so", *ARGUMENTS])
syscall("execve", PROGRAM, argv, environment)
for flags in (os.O_RDONLY, os.O_PATH):
    fd = attempt(os.open, PROGRAM, flags)
    if isinstance(fd, int):
        attempt(os.execve, fd, ARGUMENTS, {})
        syscall("execveat", fd, "", argv, environment, 0x1000)  # AT_EMPTY_PATH
        attempt(os.execv, f"/proc/self/fd/{fd}", ARGUMENTS)
syscall("execveat", -100, PROGRAM, argv, environment, 0)
if syscall("uselib", "/lib/x86_64-linux-gnu/libc.so.6") >= 0:
    reached("uselib")
