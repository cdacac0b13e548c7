"""Slows others down, pins them, and takes the processor for itself."""

import ctypes
import os

from attack_kit import attempt, others, reached, syscall

parameters = ctypes.c_int(0)
mask = ctypes.create_string_buffer(b"\xff" * 8)
for pid in others():
    calls: tuple[tuple[str, tuple[object, ...]], ...] = (
        ("setpriority", (0, pid, 0)),
        ("setpriority", (1, pid, 0)),
        ("ioprio_set", (1, pid, 2 << 13 | 4)),
        ("ioprio_set", (2, pid, 2 << 13 | 4)),
        ("sched_setscheduler", (pid, 0, ctypes.byref(parameters))),
        ("sched_setparam", (pid, ctypes.byref(parameters))),
        ("sched_setaffinity", (pid, 8, mask)),
    )
    for name, arguments in calls:
        if syscall(name, *arguments) >= 0:
            reached(f"{name} of {pid}")
if syscall("setpriority", 2, os.getuid(), 1) >= 0:
    reached("the priority of every process of its user")
for policy in (os.SCHED_FIFO, os.SCHED_RR):
    if attempt(os.sched_setscheduler, 0, policy, os.sched_param(1)) is None:
        reached(f"real-time scheduling {policy}")
before = attempt(os.getpriority, os.PRIO_PROCESS, 0)
attempt(os.setpriority, os.PRIO_PROCESS, 0, -20)
if attempt(os.getpriority, os.PRIO_PROCESS, 0) != before:
    reached("a higher priority")
