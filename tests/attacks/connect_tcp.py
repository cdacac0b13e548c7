"""Connects to a listener on the host's loopback with sockets, HTTP and asyncio."""

import asyncio
import ctypes
import http.client
import socket
import struct
import urllib.request

from attack_kit import HOST, attempt, descriptors, reached, syscall, worked

port = HOST["tcp_port"]
socket.setdefaulttimeout(2)


async def by_asyncio(host: str) -> object:
    return await asyncio.wait_for(asyncio.open_connection(host, port), 2)


for host in ("127.0.0.1", "localhost", "0.0.0.0", "::1", "::ffff:127.0.0.1"):
    if worked(attempt(socket.create_connection, (host, port), 2)):
        reached(f"{host}:{port} with create_connection")
    if worked(attempt(asyncio.run, by_asyncio(host))):
        reached(f"{host}:{port} with asyncio")
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
if worked(attempt(connection.connect)):
    reached("the listener with http.client")
if worked(attempt(urllib.request.urlopen, f"http://127.0.0.1:{port}/", None, 2)):
    reached("the listener with urllib")
address = ctypes.create_string_buffer(
    struct.pack("<H", 2) + struct.pack(">H4s8x", port, b"\x7f\0\0\1")
)
for fd in [syscall("socket", 2, 1, 0), *(fd for fd, _ in descriptors())]:
    if fd >= 0 and syscall("connect", fd, address, 16) >= 0:
        reached(f"the listener with descriptor {fd}")
    if fd >= 0 and syscall("sendto", fd, b"x", 1, 0x20000000, address, 16) >= 0:  # MSG_FASTOPEN
        reached(f"the listener with sendto on {fd}")
