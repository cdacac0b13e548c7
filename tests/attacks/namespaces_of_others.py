"""Enters the namespaces of others, by /proc and by pidfd, and leaves its own."""

import os

from attack_kit import attempt, others, reached, syscall

KINDS = ("user", "mnt", "net", "pid", "ipc", "uts", "cgroup", "time")
for pid in ["self", *others()]:
    for kind in KINDS:
        fd = attempt(os.open, f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
        if not isinstance(fd, int):
            continue
        for request in (0xB701, 0xB702):  # NS_GET_USERNS, NS_GET_PARENT
            parent = syscall("ioctl", fd, request, 0)
            if parent >= 0 and syscall("setns", parent, 0) >= 0:
                reached(f"the parent of the {kind} namespace of {pid}")
        if syscall("setns", fd, 0) >= 0:
            reached(f"the {kind} namespace of {pid}")
    pidfd = syscall("pidfd_open", pid, 0) if isinstance(pid, int) else -1
    if pidfd >= 0 and syscall("setns", pidfd, 0x6E020000) >= 0:
        reached(f"all namespaces of {pid}")
