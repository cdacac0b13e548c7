"""Makes namespaces of its own, and root in them."""

import os
from pathlib import Path

from attack_kit import attempt, libc, reached, syscall

FLAGS = {
    "user": 0x10000000,
    "mount": 0x20000,
    "user and mount": 0x10020000,
    "net": 0x40000000,
    "user and net": 0x50000000,
    "pid": 0x20000000,
    "ipc": 0x8000000,
    "uts": 0x4000000,
    "cgroup": 0x2000000,
    "time": 0x80,
    "all": 0x7E020080,
}
uid = os.getuid()
for name, flags in FLAGS.items():
    if syscall("unshare", flags) >= 0 or libc.unshare(flags) == 0:
        reached(f"a namespace of its own: {name}")
        attempt(Path("/proc/self/setgroups").write_text, "deny")
        if isinstance(attempt(Path("/proc/self/uid_map").write_text, f"0 {uid} 1"), int):
            reached(f"root in a namespace: {os.getuid()}")
for name in ("uid_map", "gid_map", "setgroups"):
    if isinstance(attempt(os.open, f"/proc/self/{name}", os.O_WRONLY), int):
        reached(f"/proc/self/{name} is open for writing")
