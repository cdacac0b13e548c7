"""Waits for a lock that it holds itself, with a thread that sleeps for ever."""

import threading
import time

threading.Thread(target=time.sleep, args=(10_000,)).start()
lock = threading.Lock()
lock.acquire()
lock.acquire()
