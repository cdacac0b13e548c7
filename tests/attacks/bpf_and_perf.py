"""Loads BPF, opens performance counters and traces."""

import ctypes
import os

from attack_kit import attempt, others, reached, syscall

attributes = (ctypes.c_uint32 * 36)(1, 8, 8, 8)
for command in range(37):
    for size in (16, 144):
        if syscall("bpf", command, attributes, size) >= 0:
            reached(f"bpf({command})")
for kind, config in ((0, 0), (1, 0), (1, 2), (2, 0), (4, 0)):  # hardware, software, trace, raw
    for exclude in (0, 0x60):  # exclude_kernel and exclude_hv
        event = (ctypes.c_uint64 * 16)(kind | 112 << 32, config, 0, 0, 0, exclude)
        for pid in (0, -1, *others()):
            if syscall("perf_event_open", event, pid, 0 if pid == -1 else -1, -1, 0) >= 0:
                reached(f"perf_event_open({kind}, {config}) of {pid}")
for path in ("/sys/kernel/debug", "/sys/kernel/tracing", "/sys/fs/bpf"):
    if isinstance(attempt(os.listdir, path), list) and attempt(os.listdir, path):
        reached(path)
