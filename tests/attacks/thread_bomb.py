"""Starts 2,000 sleeping threads in Python."""

import threading

from attack_kit import attempt, reached, tell

over = threading.Event()
started = 0
threading.stack_size(64 * 1024)
while started < 2000:
    thread = threading.Thread(target=over.wait, args=(5,), daemon=True)
    if attempt(thread.start) is not None:
        break
    started += 1
tell(f"{started} threads")
if started >= 1000:
    reached(f"{started} threads")
over.set()
