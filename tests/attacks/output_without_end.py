"""Writes one line of 300 MB with control characters, from four threads."""

import os
import threading

from attack_kit import MB, reached

PIECE = b"\x1b[31m\x00\x07\r\xf0\x9f" * (MB // 10)


def write() -> None:
    for _ in range(75):
        os.write(1, PIECE)


threads = [threading.Thread(target=write) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
reached("300 MB in one line")
