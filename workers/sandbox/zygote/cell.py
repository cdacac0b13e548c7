"""One child, from its fork to the probe: its descriptors, its scratch, its seal, its upload."""

import fcntl
import json
import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from . import seal
from .kernel import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl
from .limits import set_limits, threads_of_user
from .namespaces import mount_scratch
from .orders import SEALED, Order, Setup
from .selftest import prove

EVENTS_FD = 3
BUNDLE_FD = 4
STATUS_FD = 5
HANDOVER_FD = 6  # of a run's two children one writes to it, and the other reads
TARGETS = (BUNDLE_FD, EVENTS_FD, 1, STATUS_FD, HANDOVER_FD)
FREE_FD = 64  # above all of these
PROGRAM_FAILED = 70  # EX_SOFTWARE: the probe itself failed
UNSEALED = 71  # EX_OSERR: the status pipe says why; the upload was not read
HEADER_BYTES = 2**26  # of a bundle's first line

Run = Callable[[dict[str, Any], int], None]


def live(setup: Setup, order: Order, fds: list[int], parent: int, run: Run) -> NoReturn:
    """Be one child: seal, read the bundle, run the probe, end.

    Args:
        setup: what the zygote was told at its start.
        order: this job.
        fds: bundle, events, output, status, and perhaps the handover.
        parent: the zygote's pid.
        run: the program's, called with the job and the descriptor for its events.
    """
    try:
        place = _enclose(setup, order, fds, parent)
        os.write(STATUS_FD, SEALED)
        os.close(STATUS_FD)
    except BaseException as error:
        os.write(STATUS_FD, f"{error}".encode(errors="replace")[:4000])
        os._exit(UNSEALED)
    try:
        has_handover = len(fds) == len(TARGETS)
        told = {"sealed": setup.sealed, "handover": HANDOVER_FD if has_handover else None}
        run(_unpack(place) | told, EVENTS_FD)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = PROGRAM_FAILED
    _flush()
    os._exit(code)


def _enclose(setup: Setup, order: Order, fds: list[int], parent: int) -> Path:
    """All that comes before the first byte of the upload; returns the scratch folder."""
    _arrange(fds)
    os.setsid()
    prctl(PR_SET_DUMPABLE, 1)  # the zygote is not: /proc/self would be root's
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before this took hold
        os._exit(1)
    Path("/proc/self/oom_score_adj").write_text("1000")  # goes before the worker does
    if order.folder:
        place, others = Path(order.folder), threads_of_user()
    else:
        mount_scratch(setup.scratch, order.scratch_bytes, order.scratch_files)
        place, others = Path(setup.scratch), 0  # a user namespace counts for itself
    home, upload = place / "home", place / "upload"
    (home / "tmp").mkdir(parents=True)
    upload.mkdir()
    os.chdir(upload)
    os.environ.update(order.env)
    tempfile.tempdir = None
    random.seed()
    limits = order.rlimits
    if setup.sealed:  # else it may have processes, which count as well
        limits = limits | {"RLIMIT_NPROC": others + order.threads}
    set_limits(limits, order.extra)
    if setup.sealed:
        seal.put_on(setup.seal, place, (home, upload))
        prove(setup.seal, home)
    return place


def _arrange(fds: list[int]) -> None:
    """Give the descriptors their numbers, and close all others."""
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, FREE_FD) for fd in fds]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    used = TARGETS[: len(fds)]
    for source, target in zip(copies, used, strict=True):
        os.dup2(source, target)
    os.dup2(1, 2)
    os.closerange(max(used) + 1, 2**20)
    for stream in (sys.stdout, sys.stderr):
        # So that the last words before a crash are in the log.
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _unpack(place: Path) -> dict[str, Any]:
    """Write the upload's files; returns the job."""
    with os.fdopen(BUNDLE_FD, "rb") as bundle:
        header = json.loads(bundle.readline(HEADER_BYTES))
        for name, size in header["files"]:
            path = place / "upload" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                _copy(bundle, file, size)
    job: dict[str, Any] = header["job"]
    return job | {"root": str(place / "upload")}


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> None:
    while size:
        chunk = source.read(min(size, 2**20))
        if not chunk:
            raise EOFError("the bundle ends before its files do")
        target.write(chunk)
        size -= len(chunk)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody reads it any more, or the script closed it
            continue
