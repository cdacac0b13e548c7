"""Hangs in what runs after the script: atexit, __del__, threads that do not end."""

import atexit
import sys
import threading
import time


class Sticky:
    def __del__(self) -> None:
        time.sleep(10_000)


atexit.register(time.sleep, 10_000)
threading.Thread(target=time.sleep, args=(10_000,)).start()
sticky = Sticky()
sticky.itself = sticky  # type: ignore[attr-defined]
sys.exit(0)
