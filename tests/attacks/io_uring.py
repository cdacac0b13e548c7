"""Makes an io_uring, whose operations no filter of system calls sees."""

import ctypes

from attack_kit import reached, syscall

for flags in (0, 1, 2, 0x40, 0x1000, 0x3000):  # IOPOLL, SQPOLL, R_DISABLED, SINGLE_ISSUER
    parameters = (ctypes.c_uint32 * 30)(0, 0, flags)
    fd = syscall("io_uring_setup", 8, parameters)
    if fd >= 0:
        reached(f"io_uring_setup({flags:#x})")
    for ring in (fd, 3, -1):
        if syscall("io_uring_enter", ring, 0, 0, 0, 0, 0) >= 0:
            reached(f"io_uring_enter({ring})")
for operation in range(36):
    if syscall("io_uring_register", -1, operation, 0, 0) >= 0:
        reached(f"io_uring_register({operation})")
