"""Hangs in C: the power of large integers, which no signal interrupts."""

_ = len(str(9 ** (9**8)))
