"""Aborts in a thread, as a broken C++ library does."""

import threading
import time

from attack_kit import libc

threading.Thread(target=libc.abort).start()
time.sleep(10)
