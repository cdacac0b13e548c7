"""Overflows the C stack: recursion without Python's limit, in the main and in another thread."""

import sys
import threading
from typing import Any

sys.setrecursionlimit(2**30)


class Endless:
    def __repr__(self) -> str:
        return repr(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self, name + "x")


threading.stack_size(512 * 2**20)
thread = threading.Thread(target=lambda: repr(Endless()), daemon=True)
thread.start()
thread.join(3)
_ = Endless().missing
