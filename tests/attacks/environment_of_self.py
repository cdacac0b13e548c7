"""Looks for the worker's environment in its own: os.environ, libc's, /proc and its threads'."""

import ctypes
import os

from attack_kit import HOST, attempt, holds_masked, libc, reached, read_path

environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
entries: list[bytes] = []
while (entry := environ[len(entries)]) is not None:
    entries.append(entry)
found = {
    "os.environ": repr(dict(os.environ)).encode(),
    "libc environ": b"\0".join(entries),
    "/proc/self/environ": attempt(read_path, "/proc/self/environ"),
    "thread environ": attempt(read_path, f"/proc/self/task/{os.getpid()}/environ"),
    "/proc/thread-self": attempt(read_path, "/proc/thread-self/environ"),
}
for where, data in found.items():
    if isinstance(data, bytes) and holds_masked(data, HOST["secret_env"]):
        reached(f"the worker's environment in {where}")
for name in os.environ:
    if name.startswith("STAGELIGHT"):
        reached(f"a setting of the worker: {name}")
