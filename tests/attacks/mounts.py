"""Mounts, binds, unmounts, remounts, and changes the root, by the old calls."""

import os

from attack_kit import HERE, HOST, attempt, reached, scratch, syscall

place = scratch() / "mounted"
attempt(place.mkdir)
where = str(place)
BIND, REMOUNT, PRIVATE, MOVE = 0x1000, 0x20, 0x40000, 0x2000
calls: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("mount", ("none", where, "tmpfs", 0, 0)),
    ("mount", ("proc", where, "proc", 0, 0)),
    ("mount", ("sysfs", where, "sysfs", 0, 0)),
    ("mount", ("/", where, 0, BIND | 0x4000, 0)),
    ("mount", (os.path.dirname(HOST["secret_file"]), where, 0, BIND, 0)),  # noqa: PTH120
    ("mount", ("overlay", where, "overlay", 0, "lowerdir=/,upperdir=.,workdir=.")),
    ("mount", ("none", str(scratch()), 0, BIND | REMOUNT, 0)),
    ("mount", ("none", "/", 0, REMOUNT | BIND, 0)),
    ("mount", ("none", "/", 0, PRIVATE | 0x4000, 0)),
    ("mount", (str(scratch()), where, 0, MOVE, 0)),
    ("umount2", (str(scratch()), 0)),
    ("umount2", (str(scratch()), 2)),  # MNT_DETACH
    ("umount2", (str(HERE), 2)),
    ("umount2", ("/proc", 2)),
    ("umount2", ("/", 2)),
    ("pivot_root", (".", ".")),
    ("pivot_root", (where, where)),
    ("chroot", (".",)),
    ("chroot", (where,)),
)
for name, arguments in calls:
    if syscall(name, *arguments) >= 0:
        reached(f"{name}{arguments}")
