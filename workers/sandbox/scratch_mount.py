"""Whether a folder is one that scratch folders may be made in on a host without namespaces: a
tmpfs whose size and number of files are capped. Pure, but for reading what is mounted."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")


def why_unbounded(folder: Path, mountinfo: str) -> str:
    """Why `folder` is not bounded, in a clause; empty if it is.

    Args:
        folder: an absolute path.
        mountinfo: the text of /proc/self/mountinfo.
    """
    best, kind, options = Path("/"), "", ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        place = Path(before.split()[4].encode().decode("unicode_escape"))
        if folder.is_relative_to(place) and len(place.parts) >= len(best.parts):
            best = place
            kind, _, options = after.split(" ", 2)
    if kind != "tmpfs":
        return f"{folder} is no tmpfs"
    missing = [name for name in ("size=", "nr_inodes=") if name not in options]
    if missing:
        return f"{folder} is a tmpfs without {' and '.join(missing)} among its mount options"
    return ""
