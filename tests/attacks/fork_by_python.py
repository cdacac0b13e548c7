"""Forks with everything that Python has for it."""

import concurrent.futures
import multiprocessing
import os
import pty
from typing import Any

from attack_kit import attempt, reached


def child_of(function: Any) -> None:
    """A fork: both sides come back here."""
    result = attempt(function)
    pid = result[0] if isinstance(result, tuple) else result
    if isinstance(pid, int) and pid >= 0:
        reached(f"{getattr(function, '__name__', function)}: {pid}")
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)


def work() -> int:
    reached(f"a process of multiprocessing, {os.getpid()}")
    return 1


for function in (os.fork, os.forkpty, pty.fork):
    child_of(function)
for method in ("fork", "spawn", "forkserver"):
    context: Any = multiprocessing.get_context(method)
    process = context.Process(target=os.getpid)
    if attempt(process.start) is None:
        reached(f"multiprocessing by {method}")
        process.join(5)
pool = attempt(concurrent.futures.ProcessPoolExecutor, 1)
if isinstance(pool, concurrent.futures.ProcessPoolExecutor):
    future = attempt(pool.submit, work)
    if isinstance(future, concurrent.futures.Future) and attempt(future.result, 5) == 1:
        reached("a process pool")
    pool.shutdown(wait=False, cancel_futures=True)
