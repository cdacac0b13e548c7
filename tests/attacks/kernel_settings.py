"""Writes to what the kernel takes settings from: /proc/sys, /sys, cgroups, its own /proc."""

import os
from pathlib import Path

from attack_kit import attempt, reached

PATHS = (
    *("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches"),
    *("/proc/sys/kernel/modprobe", "/proc/sysrq-trigger", "/proc/sys/fs/binfmt_misc/register"),
    *("/sys/kernel/uevent_helper", "/sys/power/state", "/sys/fs/cgroup/cgroup.procs"),
    *("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cgroup.subtree_control", "/proc/timer_stats"),
    *("/proc/self/attr/current", "/proc/self/uid_map", "/proc/self/loginuid"),
    *("/proc/self/timens_offsets", "/proc/self/autogroup", "/proc/mtrr", "/proc/acpi/wakeup"),
)
for path in PATHS:
    for flags in (os.O_WRONLY, os.O_RDWR):
        fd = attempt(os.open, path, flags)
        if isinstance(fd, int):  # opened, and nothing is written
            reached(f"{path} is open for writing")
            os.close(fd)
score = Path("/proc/self/oom_score_adj")
before = attempt(score.read_text)
for value in ("-1000", "0"):
    attempt(score.write_text, value)
after = attempt(score.read_text)
if isinstance(before, str) and str(after) != before:
    reached(f"it is killed later than others when memory is short: {after!r} after {before!r}")
