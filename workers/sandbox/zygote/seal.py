"""Seals this process, in the one order that works; there is no way back."""

import base64
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from . import landlock
from .kernel import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, prctl, set_filter
from .orders import Seal

PID_MARK = 0x53_4C_50_49  # stands for the child's own pid in the seccomp program

DEVICES = (
    ("/dev/null", landlock.DEVICE),
    ("/dev/zero", landlock.READ_FILE),
    ("/dev/random", landlock.READ_FILE),
    ("/dev/urandom", landlock.READ_FILE),
)
# What libraries ask of the machine and of their own process. Not all of /proc/self: it has the
# connections of the network namespace in it.
OWN = ("maps", "smaps", "smaps_rollup", "stat", "statm", "status")
FACTS = (
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
    *(f"/proc/self/{name}" for name in OWN),
)


def put_on(seal: Seal, place: Path, writable: Iterable[Path]) -> None:
    """Put on the layers of the seal.

    Args:
        seal: its layers, and what may be read.
        place: the folder that the writable ones lie in, which may be read.
        writable: the only folders that may be written.

    Raises:
        OSError: the kernel refused a layer.
    """
    prctl(PR_SET_DUMPABLE, 0)  # what has its user id cannot look into it either
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in seal.layers:
        readable = [(path, landlock.READ) for path in (*seal.read, *FACTS, str(place))]
        scratch = [(str(path), landlock.SCRATCH) for path in writable]
        landlock.restrict([*readable, *DEVICES, *scratch])
    if "seccomp" in seal.layers:
        set_filter(own_filter(base64.b64decode(seal.filter), os.getpid()))


def own_filter(program: bytes, pid: int) -> bytes:
    """The seccomp program for the process `pid`."""
    return program.replace(struct.pack("<I", PID_MARK), struct.pack("<I", pid))
