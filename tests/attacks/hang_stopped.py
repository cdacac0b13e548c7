"""Stops itself with SIGSTOP: it neither ends nor runs."""

import os
import signal
import time

from attack_kit import attempt

for number in (signal.SIGSTOP, signal.SIGTSTP):
    attempt(os.kill, os.getpid(), number)
    attempt(signal.raise_signal, number)
time.sleep(10_000)
