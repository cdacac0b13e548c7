"""Raises capabilities: capset, the ambient set, the bounding set, securebits."""

import ctypes

from attack_kit import reached, syscall


def effective() -> int:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    if syscall("capget", header, data) < 0:
        return 0
    return data[0] | data[3] << 32 | data[1] | data[4] << 32


if effective():
    reached(f"capabilities {effective():#x}")
for value in (0xFFFFFFFF, 1 << 21, 1 << 19, 1 << 7):
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)(value, value, value, 0, 0, 0)
    if syscall("capset", header, data) >= 0:
        reached(f"capset {value:#x}")
for capability in range(41):
    if syscall("prctl", 47, 2, capability, 0, 0) >= 0:  # PR_CAP_AMBIENT_RAISE
        reached(f"ambient capability {capability}")
for option, argument in ((28, 0x2F), (8, 1)):  # PR_SET_SECUREBITS, PR_SET_KEEPCAPS
    if syscall("prctl", option, argument, 0, 0, 0) >= 0 and option == 28:
        reached("securebits")
