"""Starts a probe process from its LaunchSpec, and holds it until the kernel says it is gone."""

import contextlib
import fcntl
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from workers.diagnose import Exit
from workers.sandbox.policy import EVENTS_FD, LaunchSpec, Limits

ENTER = Path(__file__).with_name("enter.py")
PIPE_BYTES = 2**20
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Process:
    """One running probe process. Whoever starts it calls `reap` and `close`, come what may.

    `events` and `output` are non-blocking pipes; `pidfd` becomes readable when it ends. It dies
    with the thread that started it.
    """

    def __init__(self, pid: int, pidfd: int, events: int, output: int, status: int) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.events = events
        self.output = output
        self._status = status

    def kill(self) -> None:
        """Kill it and all of its process group. Only before `reap`: then the pid is still its."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def resident_bytes(self) -> int:
        """Memory it holds now; 0 once it is gone."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_bytes().split()[1]) * PAGE_BYTES
        except (OSError, IndexError):
            return 0

    def reap(self) -> Exit:
        """Wait for its end, and take it from the kernel."""
        _, status, usage = os.wait4(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        error = read_some(self._status, PIPE_BYTES)
        peak = usage.ru_maxrss * 1024
        # Until its first exec it shared our memory, so what is below our own peak may be ours.
        known = peak > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return Exit(
            code=max(code, 0),
            signal=max(-code, 0),
            peak_bytes=peak if known else 0,
            launch_error=(error or b"").decode(errors="replace"),
        )

    def close(self) -> None:
        """Close what is open to it."""
        for fd in (self.pidfd, self.events, self.output, self._status):
            os.close(fd)


def start(spec: LaunchSpec) -> Process:
    """Start a probe process; OSError if the machine has no room for one."""
    with contextlib.ExitStack() as undo:
        events, output, status = (_pipe(undo) for _ in range(3))
        pid = _spawn(spec, events[1], output[1], status[1])
        undo.callback(os.waitpid, pid, 0)
        undo.callback(os.kill, pid, signal.SIGKILL)
        pidfd = os.pidfd_open(pid)
        undo.pop_all()
    for _, writer in (events, output, status):  # the child has its own
        os.close(writer)
    return Process(pid, pidfd, events[0], output[0], status[0])


def read_some(fd: int, size: int) -> bytes | None:
    """What a non-blocking pipe holds, up to `size` bytes; None: nothing now, b"": the end."""
    try:
        return os.read(fd, size)
    except BlockingIOError:
        return None


def write_limits(limits: Limits) -> str:
    """The limits as enter.py reads them; `resident_bytes` is the worker's to watch."""
    values = {
        "RLIMIT_DATA": limits.data_bytes,
        "RLIMIT_AS": limits.address_space_bytes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": limits.core_bytes,
    }
    return ",".join(f"{name}={value}" for name, value in values.items())


def _pipe(undo: contextlib.ExitStack) -> tuple[int, int]:
    reader, writer = os.pipe()
    undo.callback(os.close, reader)
    undo.callback(os.close, writer)
    os.set_blocking(reader, False)
    with contextlib.suppress(OSError):  # a user may have used up his share of large pipes
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reader, writer


def _spawn(spec: LaunchSpec, events: int, output: int, status: int) -> int:
    numbers = [str(number) for number in (os.getpid(), events, EVENTS_FD, status)]
    program = [sys.executable, "-I", "-S", "-B", str(ENTER), *numbers, write_limits(spec.limits)]
    stdin = os.memfd_create("stagelight-job")
    try:
        os.write(stdin, spec.stdin)
        os.lseek(stdin, 0, os.SEEK_SET)
        process = subprocess.Popen(  # noqa: S603 - our own program; the probe's comes from policy.py
            [*program, *spec.argv],
            stdin=stdin,
            stdout=output,
            stderr=output,
            cwd=spec.cwd,
            env=spec.env,
            pass_fds=(events, status),
            start_new_session=True,
        )
    finally:
        os.close(stdin)
    process.returncode = 0  # Process.reap waits for it, for wait4 tells more than Popen
    return process.pid
