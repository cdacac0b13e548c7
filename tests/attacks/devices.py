"""Opens the machine's devices and types into terminals."""

import fcntl
import os
from pathlib import Path

from attack_kit import attempt, reached

NAMES = (
    *("mem", "port", "kmsg", "tty", "tty0", "tty1", "console", "ptmx", "pts/0", "pts/ptmx"),
    *(
        "kvm",
        "fuse",
        "net/tun",
        "vhost-net",
        "vfio/vfio",
        "loop-control",
        "loop0",
        "mapper/control",
    ),
    *("sda", "vda", "nvme0n1", "dri/card0", "nvidiactl", "nvidia0", "snd/seq", "input/event0"),
    *(
        "uinput",
        "hpet",
        "rtc0",
        "watchdog",
        "cpu_dma_latency",
        "snapshot",
        "userfaultfd",
        "btrfs-control",
    ),
    *("log", "initctl", "hwrng", "tpm0", "cuse", "autofs", "udmabuf", "dma_heap/system", "mcelog"),
)
for name in NAMES:
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, 3):
        path = Path("/dev", name)
        fd = attempt(os.open, path, flags | os.O_NONBLOCK | os.O_NOCTTY)
        if isinstance(fd, int):
            reached(f"{path} with {flags}")
            os.close(fd)
for fd in (0, 1, 2):
    for request, argument in ((0x5412, b"x"), (0x541C, b"\x0f"), (0x540E, 0)):
        # TIOCSTI, TIOCLINUX, TIOCSCTTY
        if not isinstance(attempt(fcntl.ioctl, fd, request, argument), BaseException):
            reached(f"ioctl {request:#x} on descriptor {fd}")
