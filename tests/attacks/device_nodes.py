"""Makes device nodes and opens what they stand for."""

import os
import stat

from attack_kit import HERE, HOST, attempt, reached, scratch

NODES = {
    "mem": (stat.S_IFCHR, 1, 1),
    "kmsg": (stat.S_IFCHR, 1, 11),
    "null": (stat.S_IFCHR, 1, 3),
    "disk": (stat.S_IFBLK, 8, 0),
    "loop": (stat.S_IFBLK, 7, 0),
    "virtual disk": (stat.S_IFBLK, 254, 0),
    "terminal": (stat.S_IFCHR, 5, 0),
    "fuse": (stat.S_IFCHR, 10, 229),
    "kvm": (stat.S_IFCHR, 10, 232),
}
for folder in (str(scratch()), str(HERE), HOST["writable_dir"], "/tmp", "/dev"):
    for name, (kind, major, minor) in NODES.items():
        path = f"{folder}/node {name}"
        made = attempt(os.mknod, path, kind | 0o666, os.makedev(major, minor))
        if made is None:
            reached(f"a node of {name} in {folder}")
        for flags in (os.O_RDONLY, os.O_RDWR):
            if isinstance(attempt(os.open, path, flags | os.O_NONBLOCK), int):
                reached(f"the device {name}")
        attempt(os.unlink, path)
