"""Makes a socket of every family and type, by Python, by libc and by system call."""

import os
import socket

from attack_kit import attempt, libc, reached, syscall

KINDS = (1, 2, 3, 4, 5, 6, 10)  # STREAM, DGRAM, RAW, RDM, SEQPACKET, DCCP, PACKET
for family in range(47):
    for kind in KINDS:
        for flags in (0, socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK):
            fd = syscall("socket", family, kind | flags, 0)
            if fd >= 0:
                reached(f"a socket of family {family}, type {kind}")
                os.close(fd)
    if libc.socket(family, 1, 0) >= 0:
        reached(f"libc's socket of family {family}")
protocols = (
    (17, 3, 0x0300),
    (2, 3, 1),
    (2, 2, 1),
    (2, 3, 255),
    (16, 3, 15),
    (16, 3, 9),
    (38, 5, 0),
)
for family, kind, protocol in protocols:  # packets, ping, raw, uevents, audit, AF_ALG
    if isinstance(attempt(socket.socket, family, kind, protocol), socket.socket):
        reached(f"a socket of family {family}, type {kind}, protocol {protocol}")
