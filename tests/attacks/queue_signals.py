"""Signals others by thread, with data and by pidfd."""

import ctypes
import os
import signal

from attack_kit import attempt, others, reached, syscall

info = (ctypes.c_int * 32)(0, 0, -1)  # si_signo, si_errno, si_code SI_QUEUE
for pid in others():
    for number in (0, signal.SIGURG):
        info[0] = number
        calls: tuple[tuple[str, tuple[object, ...]], ...] = (
            ("tkill", (pid, number)),
            ("tgkill", (pid, pid, number)),
            ("tgkill", (-1, pid, number)),
            ("rt_sigqueueinfo", (pid, number, info)),
            ("rt_tgsigqueueinfo", (pid, pid, number, info)),
        )
        for name, arguments in calls:
            if syscall(name, *arguments) >= 0:
                reached(f"{name} of {pid} with {number}")
        pidfd = syscall("pidfd_open", pid, 0)
        if pidfd < 0:
            folder = attempt(os.open, f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)
            pidfd = folder if isinstance(folder, int) else -1
        if pidfd >= 0 and syscall("pidfd_send_signal", pidfd, number, 0, 0) >= 0:
            reached(f"pidfd_send_signal to {pid} with {number}")
