"""Ignores and blocks every signal, leaves its session, and sleeps."""

import os
import signal
import time

from attack_kit import attempt, libc

for number in range(1, 65):
    attempt(signal.signal, number, signal.SIG_IGN)
attempt(signal.pthread_sigmask, signal.SIG_BLOCK, signal.valid_signals())
attempt(os.setsid)
attempt(os.setpgid, 0, 0)
while True:
    libc.pause()
    time.sleep(1000)
