"""What the sandbox refuses a script, told from what the script's call raised.

A sealed process has no system call for processes, programs and the network (ENOSYS), no rights on
files outside (EACCES), and a scratch folder with an end (ENOSPC, EFBIG).
"""

import errno
import os
import re
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .categories import chain_of
from .emit import Emitter
from .frames import Frame

COMMAND_NOT_FOUND = 127 << 8  # what os.system gives for a program that is not there

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_SHARED_MEMORY = re.compile(r"unable to (open|allocate) shared memory|torch_shm_manager")

_NETWORK = (
    "opens a network connection",
    "Put what it would download into the .zip, or let an admin mount a cache "
    "(STAGELIGHT_HF_HOME, STAGELIGHT_TORCH_HOME).",
)

# Which of Python's or torch's own files a call went through → what it wanted, and what to do.
_BY_FILE = (
    (
        re.compile(r"multiprocessing|dataloader|concurrent/futures/process|joblib"),
        "starts processes",
        "Use num_workers=0 for a DataLoader, and threads in place of processes.",
    ),
    (
        re.compile(r"subprocess|\bpty\b|_aix_support|ctypes/util|cpp_extension|cpp_builder"),
        "starts another program",
        "Leave that out at export time; what a compiler or a tool makes can go into the .zip.",
    ),
    (
        re.compile(r"\bsocket\b|\bssl\b|urllib|http/client|requests|httpx|httpcore|asyncio"),
        *_NETWORK,
    ),
)


def refusal_of(error: BaseException, frames: Sequence[Frame]) -> str:
    """What the sandbox refused and what to do, in a sentence or two; empty if it was not that.

    Args:
        error: what ended the script or its model.
        frames: those of its traceback, outermost first.
    """
    for link in chain_of(error):
        if isinstance(link, socket.gaierror):
            return f"The script {_NETWORK[0]}, which the sandbox refuses. {_NETWORK[1]}"
        if isinstance(link, OSError) and (told := _of_number(link, frames)):
            return told
        if isinstance(link, RuntimeError) and (told := _of_text(str(link))):
            return told
    return ""


def tell_of_system(emitter: Emitter) -> None:
    """Have os.system say that it does nothing here: it would only return a number."""

    def system(command: Any) -> int:
        emitter.note(
            "no_programs",
            f"os.system({str(command)[:200]!r}) did nothing: the sandbox starts no programs.",
        )
        return COMMAND_NOT_FOUND

    os.system = system


def _of_number(error: OSError, frames: Sequence[Frame]) -> str:
    wants = _wanted(frames)
    if error.errno == errno.ENOSYS or (error.errno in _DENIED and wants and not error.filename):
        what, hint = wants or (
            "asks the kernel for what the sandbox does not have",
            "Processes, other programs and the network are refused.",
        )
        return f"The script {what}, which the sandbox refuses. {hint}"
    if error.errno in _DENIED and error.filename is not None:
        return (
            f"The script may not touch {str(error.filename)!r}: it can read its upload and the "
            "runtime, and write to its upload, HOME and TMPDIR. Put what it reads into the .zip, "
            "and write with tempfile or to a relative path."
        )
    if error.errno == errno.EMFILE:
        return "The script has too many files open at once, for the sandbox or for any system."
    if error.errno in _FULL:
        return (
            "The script's scratch folder is full. Write less, or raise STAGELIGHT_SCRATCH_MB and "
            "STAGELIGHT_SCRATCH_FILES."
        )
    return ""


def _of_text(text: str) -> str:
    if "can't start new thread" in text:
        return (
            "The script starts more threads than it may have. Use fewer, or raise "
            "STAGELIGHT_THREAD_LIMIT."
        )
    if _SHARED_MEMORY.search(text):
        return (
            "The script shares memory between processes, which the sandbox refuses. Leave out "
            "share_memory_() and DataLoader workers."
        )
    return ""


def _wanted(frames: Sequence[Frame]) -> tuple[str, str] | None:
    """By the innermost frame that is not the user's: what a call wanted, and what to do."""
    for frame in reversed(frames):
        name = str(Path(frame.file).with_suffix(""))
        for pattern, what, hint in _BY_FILE:
            if pattern.search(name):
                return what, hint
        if frame.is_user:
            return _by_source(frame.text)
    return None


def _by_source(text: str) -> tuple[str, str] | None:
    """By the user's own line, where it calls the kernel without a frame between."""
    if re.search(r"\bfork|posix_spawn|\bexec[lv]", text):
        return "starts another program or process", "Do without it at export time."
    if re.search(r"\bsocket|create_connection", text):
        return _NETWORK
    return None
