"""Floods itself with signals, and has itself killed by an alarm."""

import os
import signal
import time

from attack_kit import attempt

count = 0


def handler(number: int, frame: object) -> None:
    global count
    count += 1


for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGVTALRM, signal.SIGUSR1):
    attempt(signal.signal, number, handler)
for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF, signal.ITIMER_VIRTUAL):
    attempt(signal.setitimer, timer, 0.0001, 0.0001)
for _ in range(10_000):
    attempt(os.kill, os.getpid(), signal.SIGUSR1)
time.sleep(0.5)
for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF, signal.ITIMER_VIRTUAL):
    attempt(signal.setitimer, timer, 0, 0)
attempt(signal.signal, signal.SIGALRM, signal.SIG_DFL)
attempt(signal.alarm, 1)
time.sleep(2)
