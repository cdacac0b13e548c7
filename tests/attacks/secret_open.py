"""Opens the secret file outright, in every way that Python and libc have."""

import ctypes
import io
import mmap
import os
from pathlib import Path

from attack_kit import HOST, attempt, check_secret, libc, reached, read_path, syscall

secret = HOST["secret_file"]


def mapped() -> bytes:
    fd = os.open(secret, os.O_RDONLY)
    return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)[:]


def by_libc() -> bytes:
    libc.fopen.restype = ctypes.c_void_p
    file = libc.fopen(os.fsencode(secret), b"r")
    if not file:
        return b""
    buffer = ctypes.create_string_buffer(4096)
    size = libc.fread(buffer, 1, 4096, ctypes.c_void_p(file))
    return buffer.raw[:size]


check_secret("with open", attempt(lambda: Path(secret).read_bytes()))
check_secret("with os.open", attempt(read_path, secret))
check_secret("with io.FileIO", attempt(lambda: io.FileIO(secret).readall()))
check_secret("with mmap", attempt(mapped))
check_secret("with fopen", attempt(by_libc))
for flags in (os.O_RDONLY, os.O_RDWR, os.O_NOATIME, os.O_DIRECT, os.O_PATH, 3):
    for name, arguments in (("open", (secret, flags)), ("openat", (-100, secret, flags, 0))):
        fd = syscall(name, *arguments)
        if fd < 0:
            continue
        if not flags & os.O_PATH and flags != 3:  # neither gives what is in it
            reached(f"a descriptor of the secret file with {name}({flags:#x})")
        check_secret(f"with {name}({flags:#x})", attempt(os.pread, fd, 4096, 0))
        check_secret("through /proc/self/fd", attempt(read_path, f"/proc/self/fd/{fd}"))
        check_secret("through /dev/fd", attempt(read_path, f"/dev/fd/{fd}"))
