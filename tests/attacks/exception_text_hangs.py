"""Raises an exception whose text never ends."""

import time


class HostileError(Exception):
    def __str__(self) -> str:
        time.sleep(10_000)
        return ""

    __repr__ = __str__


raise HostileError
