"""Uses up its CPU time, not its wall-clock time."""

import signal

for name in ("SIGXCPU", "SIGALRM", "SIGTERM", "SIGINT"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
total = 0
while True:
    total += 1
