"""A job and its upload as one descriptor: a line of JSON, then the files' bytes.

A memfd that can be neither changed nor grown: the child reads it at its own pace, so the worker
never waits for a child to read. Names in it become paths in the sealed child alone.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from typing import Any


def make_bundle(job: dict[str, Any], files: Sequence[tuple[str, bytes]]) -> int:
    """Return a descriptor, the caller's to close.

    Args:
        job: what the probe is asked to do.
        files: relative path and content of each file of the upload.
    """
    fd = os.memfd_create("stagelight-bundle", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        header = {"job": job, "files": [[name, len(data)] for name, data in files]}
        with os.fdopen(fd, "wb", closefd=False) as file:
            file.write(json.dumps(header).encode() + b"\n")
            for _, data in files:
                file.write(data)
        os.lseek(fd, 0, os.SEEK_SET)
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(fd)
        raise
    return fd


def size_of(files: Sequence[tuple[str, bytes]]) -> tuple[int, int]:
    """Bytes and inodes that these files take on a tmpfs, their folders included."""
    page = os.sysconf("SC_PAGE_SIZE")
    size = inodes = 0
    for name, data in files:
        size += -(-len(data) // page) * page
        inodes += 1 + name.count("/")
    return size, inodes
