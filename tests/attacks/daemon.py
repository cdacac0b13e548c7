"""Gets away from its parent: a double fork, a new session, deaf to every signal."""

import os
import signal
import time
from pathlib import Path

from attack_kit import HOST, LEFT, attempt, reached


def daemon() -> None:
    os.setsid()
    for number in range(1, 65):
        attempt(signal.signal, number, signal.SIG_IGN)
    if os.fork():
        os._exit(0)
    reached("a daemon runs")
    attempt(Path(HOST["writable_dir"], LEFT).write_text, "a daemon")
    time.sleep(5)
    os._exit(0)


pid = attempt(os.fork)
if isinstance(pid, int):
    if pid == 0:
        attempt(daemon)
        os._exit(1)
    reached(f"a child {pid}")
for function in (os.setsid, os.setpgrp):
    attempt(function)
