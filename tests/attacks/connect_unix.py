"""Connects to the host's unix sockets: by path, by abstract name, with a pair's socket."""

import os
import socket

from attack_kit import HOST, attempt, expect_failure, scratch

KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)


def connect(kind: int, address: str) -> None:
    with socket.socket(socket.AF_UNIX, kind) as unix:
        unix.settimeout(2)
        unix.connect(address)


def connect_pair(kind: int, address: str) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    theirs.close()
    ours.connect(address)


abstract = "\0" + HOST["abstract_socket"].lstrip("\0@")
link = scratch() / "socket_link"
attempt(os.symlink, HOST["unix_socket"], link)
up = "/proc/self/root" + HOST["unix_socket"]
for address in (HOST["unix_socket"], abstract, str(link), up, "/var/run/docker.sock", "/dev/log"):
    for kind in KINDS:
        expect_failure(f"{address!r} with a socket of type {kind}", connect, kind, address)
        expect_failure(f"{address!r} with a pair of type {kind}", connect_pair, kind, address)
