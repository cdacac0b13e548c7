"""Reads how others' memory is laid out and what they have open, by /proc."""

import os

from attack_kit import attempt, others, reached, read_path

for pid in others():
    for name in ("maps", "smaps", "pagemap", "numa_maps", "stack", "wchan", "io", "comm", "sched"):
        if isinstance(attempt(read_path, f"/proc/{pid}/{name}", 64), bytes):
            reached(f"/proc/{pid}/{name}")
    for name in ("fd", "fdinfo", "map_files", "task", "ns", "cwd", "root"):
        if isinstance(attempt(os.listdir, f"/proc/{pid}/{name}"), list):
            reached(f"the listing of /proc/{pid}/{name}")
    for name in ("exe", "cwd", "root", "fd/0", "fd/1", "ns/user"):
        if isinstance(attempt(os.readlink, f"/proc/{pid}/{name}"), str):
            reached(f"the link /proc/{pid}/{name}")
