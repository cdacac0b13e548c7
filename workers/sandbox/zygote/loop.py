"""The zygote's loop: warm up once, then fork a child for each order, and say how each ended."""

import gc
import json
import os
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from . import cell
from .kernel import PR_SET_DUMPABLE, prctl
from .limits import resident_bytes
from .namespaces import is_usable
from .orders import Order, Seal, Setup
from .orphans import adopt, end_all, end_group

MESSAGE_BYTES = 2**18
DESCRIPTORS = 8


@dataclass
class _Child:
    id: int
    pid: int


class Zygote:
    """Serves one worker over its control socket, and ends with it.

    It is single-threaded, holds no byte of any upload, and trusts the worker.
    """

    def __init__(self, control: socket.socket, load: Callable[[str], ModuleType]) -> None:
        self._control = control
        self._load = load
        self._children: dict[int, _Child] = {}  # by pidfd
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Take the setup, warm up, then take orders until the worker closes the socket."""
        data = self._control.recv(MESSAGE_BYTES)
        if not data:
            return
        fields = json.loads(data)
        self._setup = Setup(**fields | {"seal": Seal(**fields["seal"])})
        self._warm_up()
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._children:
                    self._bury(fd)
                elif not self._take():
                    return

    def _warm_up(self) -> None:
        started = time.perf_counter()
        self._program = self._load(self._setup.program)
        told = self._program.warm(self._setup.preload)
        mounts = self._setup.sealed and is_usable(self._setup.scratch)
        if self._setup.may_fork:
            adopt()
        gc.collect()
        gc.freeze()  # what is here now is never collected, so children share its pages
        threads = len(list(Path("/proc/self/task").iterdir()))
        if self._setup.sealed:
            prctl(PR_SET_DUMPABLE, 0)  # no child can look into it
        self._say(
            "ready",
            seconds=time.perf_counter() - started,
            preloaded=told,
            mounts=mounts,
            threads=threads,
        )

    def _take(self) -> bool:
        """Fork for the next order; False once there is none to come."""
        data, fds, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, DESCRIPTORS)
        if not data:
            return False
        order = Order(**json.loads(data))
        try:
            zygote = os.getpid()
            pid = os.fork()
            if pid == 0:
                try:
                    cell.live(self._setup, order, fds, zygote, self._program.run)
                finally:
                    os._exit(cell.UNSEALED)  # whatever happens, a child never comes back here
        except OSError as error:
            self._say("refused", id=order.id, why=str(error))
            return True
        finally:
            for fd in fds:
                os.close(fd)
        pidfd = os.pidfd_open(pid)
        self._children[pidfd] = _Child(order.id, pid)
        self._poll.register(pidfd, select.POLLIN)
        self._say("started", fds=[pidfd], id=order.id)
        return True

    def _bury(self, pidfd: int) -> None:
        """Take a child's end from the kernel, and pass it on."""
        child = self._children.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        if self._setup.may_fork:
            end_group(child.pid)
        _, status, usage = os.wait4(child.pid, 0)
        if self._setup.may_fork and not self._children:
            end_all()
        self._say(
            "ended",
            id=child.id,
            status=status,
            peak_bytes=usage.ru_maxrss * 1024,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            resident_bytes=resident_bytes(),
        )

    def _say(self, word: str, fds: list[int] | None = None, **fields: Any) -> None:
        data = json.dumps({"word": word, **fields}).encode()
        try:
            socket.send_fds(self._control, [data], fds or [])
        except BrokenPipeError:  # the worker is gone, and this process is about to be
            return
