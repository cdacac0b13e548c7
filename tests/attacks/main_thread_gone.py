"""Ends the main thread alone: the process looks dead, and a thread of it goes on for ever."""

import threading
import time

from attack_kit import syscall


def live_on() -> None:
    while True:
        time.sleep(1)


threading.Thread(target=live_on).start()
syscall("exit", 0)
