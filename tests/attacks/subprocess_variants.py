"""Starts programs with subprocess, os.system, popen and posix_spawn."""

import asyncio
import ctypes
import os
import subprocess

from attack_kit import attempt, libc, reached, worked

ECHO = ["/bin/echo", "REACHED a program"]
options: tuple[dict[str, object], ...] = (
    {},
    {"close_fds": False},
    {"start_new_session": True},
    {"preexec_fn": lambda: reached("a child before exec")},
    {"shell": True},
)
for option in options:
    command = " ".join(ECHO) if option.get("shell") else ECHO
    if worked(attempt(lambda: subprocess.run(command, timeout=5, **option))):  # type: ignore[call-overload]  # noqa: B023
        reached(f"a program with {option}")
if attempt(os.system, " ".join(ECHO)) == 0:
    reached("os.system")
if libc.system(b"echo REACHED libc system") == 0:
    reached("libc's system")
pipe = attempt(os.popen, "echo it ran")
if worked(pipe) and "it ran" in str(attempt(pipe.read)):
    reached("os.popen")
for spawn in (os.posix_spawn, os.posix_spawnp):
    if worked(attempt(spawn, ECHO[0], ECHO, {})):
        reached(spawn.__name__)
libc.popen.restype = ctypes.c_void_p
if libc.popen(b"echo REACHED libc popen", b"r"):
    reached("libc's popen")


async def by_asyncio() -> None:
    await asyncio.create_subprocess_exec(*ECHO)


if worked(attempt(asyncio.run, by_asyncio())):
    reached("a program with asyncio")
