"""Reads what tells of the host and of people on it: accounts, keys, logs, kernel memory, disks."""

import os
from pathlib import Path

from attack_kit import HOST, attempt, own_folders, reached, read_path

FILES = (
    *("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/root/.bash_history", "/root/.bashrc"),
    *("/proc/kcore", "/proc/kallsyms", "/proc/kmsg", "/proc/sched_debug", "/proc/keys"),
    *("/proc/modules", "/proc/key-users"),
    "/proc/timer_list",
    *("/proc/1/environ", "/proc/config.gz", "/proc/sysvipc/shm", "/proc/locks"),
    *("/run/secrets/kubernetes.io/serviceaccount/token", "/var/run/docker.sock", "/.dockerenv"),
    *("/sys/kernel/notes", "/sys/class/net/lo/address", "/sys/firmware/dmi/tables/DMI"),
    *("/var/log/dpkg.log", "/var/lib/dpkg/status", "/boot/config"),
)
for path in FILES:
    data = attempt(read_path, path, 64)
    if isinstance(data, bytes) and data:
        reached(path)
own = own_folders()


def listing(folder: str) -> list[str]:
    names = attempt(os.listdir, folder)
    return names if isinstance(names, list) else []


for folder in ("/root", "/home", "/tmp", "/var/tmp", "/var/log", "/run", "/dev/shm", "/var/lib"):
    for name in listing(folder):
        found = Path(folder, name)
        if not any(found in (place, *place.parents) for place in own):  # on the way to our own
            reached(f"the listing of {folder}: {name}")
            break
port = f":{HOST['tcp_port']:04X} "
for path in ("/proc/net/tcp", "/proc/self/net/tcp", f"/proc/self/task/{os.getpid()}/net/tcp"):
    data = attempt(read_path, path)
    if isinstance(data, bytes) and port.encode() in data:
        reached(f"the host's connections in {path}")
