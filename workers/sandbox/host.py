"""What this machine can enforce: asked of the kernel and of the programs, not guessed."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workers.sandbox.seccomp import NoFilterError, compile_filter
from workers.sandbox.zygote import landlock

SECONDS = 20  # for bwrap to start a program that ends at once
SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")

# Of the namespaces that policy.py asks for: if these work, those do.
_TRIAL = ("--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--ro-bind", "/", "/")


@dataclass(frozen=True)
class Host:
    """The layers that this machine has. Empty text: that one it has not, and `why` says why."""

    linux: bool
    landlock: str  # "ABI 7"
    seccomp: str  # "allow-list"
    filter: bytes  # the compiled filter, see seccomp.py
    bwrap: str  # the program's path
    why: dict[str, str]  # layer → why it is missing, and what to do
    links: dict[str, str]  # /lib → usr/lib
    folders: tuple[str, ...]  # /lib and its like where they are no links


@cache
def look() -> Host:
    """Look once; nothing of this changes while a worker runs."""
    if sys.platform != "linux":
        return Host(False, "", "", b"", "", {}, {}, ())
    why: dict[str, str] = {}
    abi = landlock.abi()
    if not abi:
        why["landlock"] = "the kernel has no Landlock: use 5.13 or newer, with lsm=landlock"
    try:
        program = compile_filter()
    except NoFilterError as error:
        program, why["seccomp"] = b"", str(error)
    bwrap, why_not = _try_bwrap()
    if why_not:
        why["bwrap"] = why_not
    paths = [Path("/", name) for name in SYSTEM_FOLDERS]
    return Host(
        linux=True,
        landlock=f"ABI {abi}" if abi else "",
        seccomp="allow-list" if program else "",
        filter=program,
        bwrap=bwrap,
        why=why,
        links={str(path): str(path.readlink()) for path in paths if path.is_symlink()},
        folders=tuple(str(path) for path in paths if path.is_dir() and not path.is_symlink()),
    )


def _try_bwrap() -> tuple[str, str]:
    """The path of a bwrap that works, or why there is none."""
    path = shutil.which("bwrap")
    if path is None:
        return "", "bwrap is not installed: install the package bubblewrap"
    try:
        done = subprocess.run(  # noqa: S603 - a program of this machine's
            [path, *_TRIAL, "true"], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"bwrap does not start: {error}"
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return "", f"bwrap may not make namespaces here: {said[-1] if said else done.returncode}"
    return path, ""
