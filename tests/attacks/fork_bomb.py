"""Forks until it cannot, at most 50 children that sleep."""

import os
import time

from attack_kit import attempt, reached

children = 0
while children < 50:
    pid = attempt(os.fork)
    if not isinstance(pid, int):
        break
    if pid == 0:
        time.sleep(5)
        os._exit(0)
    children += 1
if children:
    reached(f"{children} children")
