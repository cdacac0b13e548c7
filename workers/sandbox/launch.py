"""Starts zygotes and, through them, probes; holds each until the kernel says it is gone."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workers.diagnose import Exit
from workers.sandbox.pipes import open_pipe, read_some
from workers.sandbox.policy import ENTER, LaunchSpec, encode_setup
from workers.sandbox.zygote.orders import SEALED, Order

MESSAGE_BYTES = 2**18
ANSWER_SECONDS = 20.0  # a warm zygote needs milliseconds to fork
END_SECONDS = 5.0  # that the kernel may need to take a large process apart
ERROR_BYTES = 4000  # of what a zygote said before it died
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ZygoteLostError(Exception):
    """A zygote is gone, or never came to be. The text says what is known."""


class Zygote:
    """A warm process of one runtime. It dies with the thread that started it.

    Not ready at first: `poll_ready` says when. `close` ends it with all its children.
    """

    def __init__(self, spec: LaunchSpec) -> None:
        self.ready = False
        self.mounts = False  # whether children mount their own scratch
        self.jobs = 0
        self.resident_bytes = 0  # as it last said
        self.warm_bytes = 0  # when its first child had ended
        self.seconds = 0.0  # it took to warm up
        self.preloaded: tuple[str, ...] = ()  # the modules it found of those it was to import
        self._ends: dict[int, dict[str, Any]] = {}  # by job, what came before it was asked for
        self._control, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = os.memfd_create("stagelight-zygote")
        arguments = {"parent": os.getpid(), "control": child.fileno(), **spec.enter}
        with child:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-S", "-B", str(ENTER), json.dumps(arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=spec.env,
                pass_fds=(child.fileno(),),
                start_new_session=True,
            )
        with contextlib.suppress(OSError):  # it died at once: poll_ready says so
            self._control.send(encode_setup(spec.setup))

    def poll_ready(self, seconds: float) -> bool:
        """Whether it is warm, waiting at most so long; ZygoteLostError if it will never be."""
        if not self.ready and (said := self._receive(seconds)) is not None:
            words, _ = said
            self.mounts = words["mounts"]
            self.seconds = words["seconds"]
            self.preloaded = tuple(words["preloaded"])
            if words["threads"] > 1:
                raise ZygoteLostError(
                    f"something that it imports started {words['threads'] - 1} thread(s), and "
                    "a process with threads cannot fork safely: shorten STAGELIGHT_PRELOAD"
                )
            self.ready = True
        return self.ready

    def fork(self, order: Order, bundle: int, handover: int | None = None) -> "Process":
        """Start a probe process for an order, which reads `bundle`; `handover` is one end of a
        pipe to the run's other process.

        Raises:
            ZygoteLostError: the zygote is gone.
            OSError: the machine has no room for a process.
        """
        assert self.ready, "poll_ready comes first"
        with contextlib.ExitStack() as undo:
            pipes = [open_pipe(undo) for _ in range(3)]
            fds = [bundle, *(writer for _, writer in pipes)]
            fds += [] if handover is None else [handover]
            try:
                socket.send_fds(self._control, [json.dumps(asdict(order)).encode()], fds)
            except OSError as error:
                raise self._lost(str(error)) from None
            pidfd = self._started(order.id)
            self.jobs += 1
            undo.pop_all()
        for _, writer in pipes:  # the child has its own
            os.close(writer)
        events, output, status = (reader for reader, _ in pipes)
        return Process(self, order.id, pidfd, events, output, status)

    def end_of(self, job: int) -> dict[str, Any] | None:
        """What the kernel told the zygote of a job's end; None if the zygote is gone too."""
        deadline = time.monotonic() + END_SECONDS
        while job not in self._ends:
            try:
                said = self._receive(max(deadline - time.monotonic(), 0))
            except ZygoteLostError:
                return None
            if said is None:
                return None
            self._keep(said[0])
        return self._ends.pop(job)

    @property
    def pid(self) -> int:
        """Of the program that was started: bwrap's, where it lives inside."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs, as far as the kernel knows."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it and all its children."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._errors)

    def _started(self, job: int) -> int:
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            said = self._receive(max(deadline - time.monotonic(), 0))
            if said is None:
                raise self._lost("it did not answer")
            words, fds = said
            if words["word"] == "started" and words["id"] == job:
                return fds[0]
            if words["word"] == "refused" and words["id"] == job:
                raise OSError(words["why"])
            self._keep(words)

    def _keep(self, words: dict[str, Any]) -> None:
        assert words["word"] == "ended", f"a zygote said {words['word']!r}"
        self._ends[words["id"]] = words
        self.resident_bytes = words["resident_bytes"]
        self.warm_bytes = self.warm_bytes or self.resident_bytes

    def _receive(self, seconds: float) -> tuple[dict[str, Any], list[int]] | None:
        """The next message with its descriptors; None: there was none in time."""
        self._control.settimeout(max(seconds, 0.001))
        try:
            data, fds, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 1)
        except TimeoutError:
            return None
        except OSError as error:
            raise self._lost(str(error)) from None
        if not data:
            raise self._lost("it ended")
        words: dict[str, Any] = json.loads(data)
        return words, list(fds)

    def _lost(self, what: str) -> ZygoteLostError:
        """What is known of its end."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        said = os.pread(self._errors, 2**20, 0).decode(errors="replace").strip()
        code = self._process.returncode
        return ZygoteLostError(f"{what}, exit status {code}. {said[-ERROR_BYTES:]}".strip())


class Process:
    """One running probe process. Whoever starts it calls `reap` and `close`, come what may.

    `events` and `output` are non-blocking pipes; `pidfd` becomes readable when it ends.
    """

    def __init__(
        self, zygote: Zygote, job: int, pidfd: int, events: int, output: int, status: int
    ) -> None:
        self.pidfd = pidfd
        self.events = events
        self.output = output
        self.pid = _pid_of(pidfd)  # in this process's own pid namespace
        self._zygote = zygote
        self._job = job
        self._status = status

    def kill(self) -> None:
        """Kill it. It has no processes of its own; of an unsealed one the zygote ends them."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def resident_bytes(self) -> int:
        """Memory it holds now; 0 once it is gone."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_bytes().split()[1]) * PAGE_BYTES
        except (OSError, IndexError):
            return 0

    def reap(self) -> Exit:
        """Wait for its end; the zygote has it from the kernel."""
        said = self._zygote.end_of(self._job)
        status = (read_some(self._status, MESSAGE_BYTES) or b"").decode(errors="replace")
        unsealed = "" if status == SEALED.decode() else status or "it ended before it was sealed"
        if said is None:
            return Exit(code=0, signal=0, peak_bytes=0, lost=True)
        code = os.waitstatus_to_exitcode(said["status"])
        return Exit(
            code=max(code, 0),
            signal=max(-code, 0),
            peak_bytes=said["peak_bytes"],
            cpu_seconds=said["cpu_seconds"],
            launch_error=unsealed,
        )

    def close(self) -> None:
        """Close what is open to it."""
        for fd in (self.pidfd, self.events, self.output, self._status):
            os.close(fd)


def _pid_of(pidfd: int) -> int:
    lines: Iterator[str] = iter(Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines())
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))
