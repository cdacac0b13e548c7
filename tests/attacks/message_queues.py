"""Opens POSIX message queues, its own and others', and asks System V for what there is."""

import ctypes
import os

from attack_kit import LEFT, attempt, reached, read_path, syscall

attributes = (ctypes.c_long * 8)(0, 10, 8192)
for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY, os.O_WRONLY):
    if syscall("mq_open", LEFT, flags, 0o600, attributes) >= 0:
        reached(f"a message queue, {flags}")
for kind, name in ((3, "msgget"), (3, "semget"), (13, "shmctl")):
    number = syscall("shmctl", 0, kind, ctypes.create_string_buffer(256))
    if number >= 0:
        reached(f"shmctl({kind}), asked as {name}")
for path in ("/proc/sysvipc/shm", "/proc/sysvipc/msg", "/dev/mqueue"):
    if isinstance(attempt(read_path, path), bytes):
        reached(path)
if isinstance(attempt(os.listdir, "/dev/mqueue"), list):
    reached("the listing of /dev/mqueue")
