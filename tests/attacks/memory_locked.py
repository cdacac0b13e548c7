"""Locks memory so that it can never be paged out."""

import ctypes

from attack_kit import MB, reached, syscall

buffer = ctypes.create_string_buffer(512 * MB)
for name in ("mlockall", "mlock2"):
    for flags in (1, 2, 3, 4, 7):
        arguments = (flags,) if name == "mlockall" else (buffer, 512 * MB, flags & 1)
        if syscall(name, *arguments) >= 0:
            reached(f"{name}({flags}) with 512 MB")
