"""Changes what ends it: its parent's death, its core dumps, its traceability, its subreaper."""

import ctypes

from attack_kit import reached, syscall

SET_PDEATHSIG, GET_PDEATHSIG, SET_SUBREAPER, GET_SUBREAPER = 1, 2, 36, 37
signal = ctypes.c_int(-1)
syscall("prctl", GET_PDEATHSIG, ctypes.byref(signal), 0, 0, 0)
before = signal.value
for number in (0, 17):
    if syscall("prctl", SET_PDEATHSIG, number, 0, 0, 0) >= 0 and before != 0:
        reached(f"its death signal is {number}, it was {before}")
if syscall("prctl", SET_SUBREAPER, 1, 0, 0, 0) >= 0:
    reached("it is a subreaper")
for option in (0x59616D61, 35):  # PR_SET_PTRACER, PR_SET_MM
    if syscall("prctl", option, 1, 0, 0, 0) >= 0:
        reached(f"prctl({option:#x})")
