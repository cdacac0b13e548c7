"""A scratch folder that is a file system of its own: bounded, private to one job, gone with it."""

import os
from pathlib import Path

from .kernel import (
    CLONE_NEWNS,
    CLONE_NEWUSER,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    drop_capabilities,
    mount,
    unshare,
)


def mount_scratch(folder: str, size_bytes: int, inodes: int) -> None:
    """Enter new user and mount namespaces, and mount an empty tmpfs on `folder`.

    No one else sees what is in it, and it goes away with the last process here. All
    capabilities that the user namespace gives are dropped again.

    Raises:
        OSError: the host allows no user namespaces.
    """
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | CLONE_NEWNS)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    options = f"size={size_bytes},nr_inodes={inodes},mode=0700,uid={uid},gid={gid}"
    mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
    drop_capabilities()


def _write(path: str, text: str) -> None:
    # One write(2): the kernel takes no map in pieces.
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def is_usable(folder: str) -> bool:
    """Whether scratch folders can be mounted on `folder`; tried in a child of its own."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            mount_scratch(folder, 2**20, 16)
            Path(folder, "file").write_text("text")
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1] == 0
