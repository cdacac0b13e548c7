"""Sleeps in C with Python's lock held: no other thread of the process can run."""

import ctypes

ctypes.PyDLL(None).sleep(10_000)
