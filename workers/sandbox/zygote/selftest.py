"""The self-test: every sealed child tries what it must not be able to do, and goes no further if
one thing works."""

import ctypes
import os
import resource
import socket
from collections.abc import Callable
from pathlib import Path

from .kernel import CLONE_NEWUSER, libc
from .orders import Seal

PTRACE_ATTACH = 16
SYS_IO_URING_SETUP = 425  # the same on every architecture
PROBE_NAME = ".stagelight-self-test"


class SealError(Exception):
    """The child is not sealed, so it has not read the upload."""


def prove(seal: Seal, scratch: Path) -> None:
    """Try it all; SealError names what worked, or what should work and does not."""
    broken = [name for name, works in _forbidden(seal).items() if _worked(works)]
    if broken:
        raise SealError(f"the self-test of the seal failed: a child could {', '.join(broken)}")
    probe = scratch / PROBE_NAME
    try:
        probe.write_text("text")
        probe.unlink()
    except OSError as error:
        raise SealError(f"the scratch folder cannot be written: {error}") from None


def _forbidden(seal: Seal) -> dict[str, Callable[[], object]]:
    checks: dict[str, Callable[[], object]] = {"write into the runtime": lambda: _create(seal)}
    if seal.canary:
        checks["read a file outside"] = lambda: Path(seal.canary).read_bytes()
        checks["write a file outside"] = lambda: os.close(os.open(seal.canary, os.O_WRONLY))
        checks["truncate a file outside"] = lambda: _truncate(seal.canary)
        checks["change the mode of a file outside"] = lambda: _chmod(seal.canary)
    if "landlock" in seal.tested:
        checks["list the root folder"] = lambda: list(Path("/").iterdir())
    if "seccomp" in seal.tested:
        parent = os.getppid()
        checks |= {
            "fork": _fork,
            "run a program": _run,
            "open a socket": lambda: socket.socket().close(),
            "signal its parent": lambda: os.kill(parent, 0),
            "limit its parent": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE),
            "trace its parent": lambda: _call(libc.ptrace(PTRACE_ATTACH, parent, None, None)),
            "enter a namespace": lambda: _call(libc.unshare(CLONE_NEWUSER)),
            "use io_uring": lambda: _call(libc.syscall(SYS_IO_URING_SETUP, 1, bytes(120))),
        }
    return checks


def _worked(attempt: Callable[[], object]) -> bool:
    try:
        return attempt() is not False
    except OSError:
        return False


def _call(result: int) -> bool:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return True


def _create(seal: Seal) -> bool:
    created = False
    for folder in filter(os.path.isdir, seal.read):
        path = f"{folder}/{PROBE_NAME}"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError:
            continue
        created = True
        Path(path).unlink()
    return created


def _truncate(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY | os.O_TRUNC))


def _chmod(path: str) -> bool:
    # The filter answers 0 and does nothing, so only the mode itself tells.
    file = Path(path)
    before = file.stat().st_mode
    file.chmod(before ^ 0o040)
    return file.stat().st_mode != before


def _run() -> None:
    os.execv("/proc/self/exe", ["python", "--version"])  # noqa: S606 - to see it refused


def _fork() -> bool:
    if os.fork() == 0:
        os._exit(0)
    return True
