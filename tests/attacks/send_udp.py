"""Sends datagrams to the host, and asks a name server."""

import socket
import struct

from attack_kit import HOST, attempt, expect_failure, reached, syscall, worked

port = HOST["udp_port"]
socket.setdefaulttimeout(2)


def send(family: int, host: str) -> int:
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"from the sandbox", (host, port))


for family, host in ((2, "127.0.0.1"), (10, "::1"), (2, "127.0.0.2"), (2, "255.255.255.255")):
    expect_failure(f"a datagram to {host}", send, family, host)
address = struct.pack("<H", 2) + struct.pack(">H4s8x", port, b"\x7f\0\0\1")
fd = syscall("socket", 2, 2, 0)
if fd >= 0 and syscall("sendto", fd, b"x", 1, 0, address, 16) >= 0:
    reached("a datagram by system call")
pair = attempt(socket.socketpair)
if isinstance(pair, tuple):
    expect_failure("an address on a socketpair", pair[0].sendto, b"x", ("127.0.0.1", port))
for name in ("example.org", "stagelight.invalid"):
    if worked(attempt(socket.getaddrinfo, name, 80)):
        reached(f"the address of {name}")
