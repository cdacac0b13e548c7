"""Talks to the kernel's network, audit and device events, and makes devices."""

import socket
import struct

from attack_kit import attempt, expect_failure, reached


def ask(protocol: int, kind: int) -> bytes:
    """Ask netlink for a dump: RTM_GETLINK 18, RTM_GETROUTE 26, SOCK_DIAG_BY_FAMILY 20."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as link:
        link.settimeout(2)
        link.bind((0, 0))
        link.send(struct.pack("=IHHIIB3x", 20, kind, 0x301, 1, 0, 0))
        return link.recv(65536)


def listen(protocol: int) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, protocol) as link:
        link.bind((0, 1))


for protocol, kind in ((0, 18), (0, 26), (0, 22), (4, 20), (16, 3)):
    expect_failure(f"an answer of netlink {protocol}, {kind}", ask, protocol, kind)
for protocol in (5, 6, 9, 11, 15, 21):  # xfrm, selinux, audit, connector, uevents, crypto
    expect_failure(f"events of netlink {protocol}", listen, protocol)
names = attempt(socket.if_nameindex)
if isinstance(names, list) and len(names) > 1:
    reached(f"the host's network devices: {names}")
