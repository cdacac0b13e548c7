"""Makes pairs of every kind, and turns the allowed kind into a way out."""

import os
import socket
import struct

from attack_kit import HOST, attempt, expect_failure, reached, scratch, syscall, worked

for family in range(46):
    for kind in (1, 2, 3, 4, 5):
        plain = (family, kind) == (socket.AF_UNIX, socket.SOCK_STREAM)
        if not plain and worked(attempt(socket.socketpair, family, kind)):
            reached(f"a pair of family {family}, type {kind}")
pair = attempt(socket.socketpair)
if isinstance(pair, tuple):
    ours, theirs = pair
    path = HOST["unix_socket"]
    expect_failure("connect on a pair", ours.connect, path)
    expect_failure("sendto on a pair", ours.sendto, b"x", path)
    expect_failure("bind on a pair", ours.bind, "\0stagelight_attack")
    expect_failure("bind on a pair in scratch", ours.bind, str(scratch() / "bound"))
    expect_failure("listen on a pair", ours.listen)
    unspecified = struct.pack("H14x", 0)
    if syscall("connect", ours.fileno(), unspecified, 16) >= 0:
        reached("a pair was taken apart")
        expect_failure("connect on half a pair", ours.connect, path)
    owner = attempt(ours.getsockopt, socket.SOL_SOCKET, 17, 12)  # SO_PEERCRED
    if isinstance(owner, bytes) and struct.unpack("3i", owner)[0] not in (os.getpid(), 0):
        reached(f"a pair that another process made: {owner!r}")
