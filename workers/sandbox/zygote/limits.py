"""The kernel's limits on one child."""

import os
import resource
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def set_limits(rlimits: dict[str, int], extra: dict[str, int]) -> None:
    """Set soft and hard limits, never above what is in force.

    Args:
        rlimits: RLIMIT name → limit.
        extra: for RLIMIT_AS and RLIMIT_DATA, bytes on top of what this process has mapped now:
            a forked child begins with all that its zygote had.
    """
    mapped = mapped_bytes()
    relative = {name: mapped[name] + value for name, value in extra.items()}
    for name, value in (rlimits | relative).items():
        what = getattr(resource, name)
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(what, (value, value))


def mapped_bytes() -> dict[str, int]:
    """What this process has mapped, by the limit that counts it."""
    fields = Path("/proc/self/statm").read_text().split()
    return {"RLIMIT_AS": int(fields[0]) * PAGE_BYTES, "RLIMIT_DATA": int(fields[5]) * PAGE_BYTES}


def resident_bytes() -> int:
    """Memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def threads_of_user() -> int:
    """Threads of all processes of this user, which RLIMIT_NPROC counts outside a namespace."""
    count = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if path.stat().st_uid == os.getuid():
                count += len(list((path / "task").iterdir()))
        except OSError:  # it ended
            continue
    return count
