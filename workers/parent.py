"""A worker ends with whoever started it."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> bool:
    """Get SIGTERM when `parent` ends; False if it has ended already.

    On another system than Linux, where no script is run either, only the latter.
    """
    if sys.platform != "linux":
        return os.getppid() == parent
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    return os.getppid() == parent
