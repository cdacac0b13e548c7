"""Lets the kernel copy the secret file: sendfile, splice, copy_file_range, tee, from O_PATH too."""

import ctypes
import os

from attack_kit import HOST, attempt, check_secret, scratch, syscall

secret = HOST["secret_file"]
reader, writer = os.pipe()
os.set_blocking(reader, False)
for flags in (os.O_RDONLY, os.O_PATH, os.O_RDWR):
    source = syscall("open", secret, flags)
    if source < 0:
        source = syscall("openat", -100, secret, flags, 0)
    if source < 0:
        continue
    copy = attempt(os.open, scratch() / "copy", os.O_RDWR | os.O_CREAT, 0o600)
    offset = ctypes.c_int64(0)
    syscall("sendfile", writer, source, ctypes.byref(offset), 4096)
    syscall("splice", source, 0, writer, 0, 4096, 2)  # SPLICE_F_NONBLOCK
    syscall("tee", source, writer, 4096, 2)
    check_secret("through a pipe", attempt(os.read, reader, 65536))
    if isinstance(copy, int):
        syscall("copy_file_range", source, 0, copy, 0, 4096, 0)
        offset.value = 0
        syscall("sendfile", copy, source, ctypes.byref(offset), 4096)
        attempt(os.pwrite, copy, attempt(os.pread, source, 4096, 0), 0)
        check_secret("copied to scratch", attempt(os.pread, copy, 4096, 0))
