"""Reads and writes others' memory with process_vm_readv and process_vm_writev."""

import ctypes
import errno
import os

from attack_kit import others, reached, syscall


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


buffer = ctypes.create_string_buffer(64)
local = Vector(ctypes.addressof(buffer), len(buffer))
# A fork has its parent's memory at our addresses; EFAULT elsewhere: it was allowed to look.
for address in (ctypes.addressof(buffer), id(os), 0x1000):
    remote = Vector(address, 8)
    for pid in others():
        for name in ("process_vm_readv", "process_vm_writev"):
            target = remote if name == "process_vm_readv" else Vector(0x1000, 8)
            arguments = (pid, ctypes.byref(local), 1, ctypes.byref(target), 1, 0)
            result = syscall(name, *arguments)
            if result >= 0 or result == -errno.EFAULT:
                reached(f"the memory of {pid} with {name}: {result}")
