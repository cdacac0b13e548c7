"""Makes x32 system calls, and calls with numbers that wrap around."""

import errno
import os

from attack_kit import reached, syscall

X32 = 0x40000000
for number in (*range(460), *range(512, 548)):
    if number in (56, 57, 58, 60, 231, 219):  # those that fork, end it or restart
        continue
    for base in (X32, X32 | 1 << 31):
        result = syscall(base + number, -1, 0, 0, 0, 0, 0)
        if result != -errno.ENOSYS and result != -errno.EPERM:
            reached(f"x32 call {number}: {result}")
for number in (-1, 2**31 - 1, -(2**31), 470, 1000, 100_000, 333, 334 + 2**16):
    if number != 334 and (result := syscall(number, 0, 0, 0, 0, 0, 0)) >= 0:
        reached(f"system call {number}: {result}, by {os.getpid()}")
result = syscall(41 | 1 << 32, 1, 1, 0)  # the kernel reads the low half of the number
if result >= 0:
    reached("a socket by a number with high bits")
