"""Has the kernel send signals to others: as owners of a pipe, a lease, a watched folder."""

import ctypes
import fcntl
import os
import struct

from attack_kit import HOST, attempt, descriptors, others, reached, syscall

reader, writer = os.pipe()
for fd in (reader, writer, *(fd for fd, _ in descriptors())):
    for pid in others():
        if syscall("fcntl", fd, fcntl.F_SETOWN, pid) >= 0:
            reached(f"{pid} owns the signals of descriptor {fd}")
        if syscall("fcntl", fd, fcntl.F_SETOWN, -pid) >= 0:
            reached(f"group {pid} owns the signals of descriptor {fd}")
        owner = (ctypes.c_int * 2)(1, pid)
        if syscall("fcntl", fd, 15, owner) >= 0:  # F_SETOWN_EX
            reached(f"{pid} owns the signals of descriptor {fd}, by F_SETOWN_EX")
        for request in (0x8901, 0x8902):  # FIOSETOWN, SIOCSPGRP
            if not isinstance(attempt(fcntl.ioctl, fd, request, struct.pack("i", pid)), OSError):
                reached(f"{pid} owns the signals of descriptor {fd}, by ioctl")
for path in (HOST["site_packages"], HOST["data_dir"], "/"):
    folder = attempt(os.open, path, os.O_RDONLY | os.O_DIRECTORY)
    if isinstance(folder, int):
        if syscall("fcntl", folder, 1026, 0x8000003F) >= 0:  # F_NOTIFY
            reached(f"notifications of {path}")
        os.close(folder)
