"""Reads its parents' environment by the ways that need no process id."""

import os

from attack_kit import HOST, attempt, holds_masked, reached, read_path

WAYS = (
    f"/proc/{os.getppid()}/environ",
    f"/proc/self/task/{os.getpid()}/../../../{os.getppid()}/environ",
    f"/proc/self/root/proc/{os.getppid()}/environ",
    f"/proc/self/cwd/../../../../../../../../proc/{os.getppid()}/environ",
    f"/dev/fd/../../{os.getppid()}/environ",
    f"/proc/{os.getppid()}/task/{os.getppid()}/environ",
)
if os.getppid():
    for way in WAYS:
        data = attempt(read_path, way)
        if isinstance(data, bytes):
            secret = holds_masked(data, HOST["secret_env"])
            reached(f"{way}" + (" with the secret" if secret else ""))
