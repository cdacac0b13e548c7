"""Starts 2,000 sleeping threads with pthread_create, of which Python knows nothing."""

import ctypes

from attack_kit import libc, reached, tell

thread = ctypes.c_ulong()
attributes = ctypes.create_string_buffer(64)
libc.pthread_attr_init(attributes)
libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(32 * 1024))
started = 0
while started < 2000 and not libc.pthread_create(
    ctypes.byref(thread), attributes, ctypes.cast(libc.sleep, ctypes.c_void_p), ctypes.c_void_p(5)
):
    started += 1
tell(f"{started} threads")
if started >= 1000:
    reached(f"{started} threads")
