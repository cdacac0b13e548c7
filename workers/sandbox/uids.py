"""A user id for each worker that is root: what its scripts run as, and nobody else."""

import contextlib
import os
import socket
from dataclasses import dataclass

from app.errors import ConflictError

SLOTS = 4096  # ids from STAGELIGHT_SANDBOX_UID on


@dataclass
class HeldUid:
    """A user id; 0: the worker is no root, and scripts run as its own user."""

    uid: int
    _claim: socket.socket | None = None

    def release(self) -> None:
        """Let another worker have it."""
        if self._claim is not None:
            self._claim.close()


def hold_uid(first: int) -> HeldUid:
    """Hold a free user id until released, or until this process ends.

    The claim is an abstract socket's name: the kernel keeps it unique in this network namespace,
    and takes it back however the process ends.
    """
    if os.geteuid() != 0:
        return HeldUid(0)
    for uid in range(first, first + SLOTS):
        claim = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):  # another worker's
            claim.bind(f"\0stagelight-uid-{uid}")
            return HeldUid(uid, claim)
        claim.close()
    raise ConflictError(
        f"All {SLOTS:,} user ids from {first} on are taken.",
        "End workers that are not needed, or set STAGELIGHT_SANDBOX_UID.",
    )
