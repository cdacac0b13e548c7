"""Where a runtime's Python and its libraries lie, as it says itself."""

import json
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.errors import ConflictError
from app.settings import ROOT

SECONDS = 60

_ASK = """
import json, os, sys, sysconfig
paths = sysconfig.get_paths()
print(json.dumps([sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix,
    os.path.realpath(sys.executable), *(paths[k] for k in ("stdlib", "platstdlib")), *sys.path]))
"""

# What a program of the system needs beside /usr: where shared libraries lie, and the time zone.
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime")


@dataclass(frozen=True)
class Runtime:
    """One Python environment: the program, and the folders and files that it reads."""

    python: Path
    paths: tuple[str, ...]  # absolute, none below another; not all need exist


class RuntimeMissingError(ConflictError):
    """The Python of a runtime cannot be started."""


@cache
def inspect(python: Path) -> Runtime:
    """Ask a Python where it lies; RuntimeMissingError if it does not answer."""
    python = python.absolute()
    try:
        done = subprocess.run(  # noqa: S603 - the admin's own Python
            [str(python), "-I", "-c", _ASK], capture_output=True, timeout=SECONDS, check=True
        )
        found: list[str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise RuntimeMissingError(
            f"The runtime's Python could not be started: {error}.",
            "Ask whoever runs Stagelight to check STAGELIGHT_RUNTIMES.",
        ) from None
    return Runtime(python, outermost([str(python), *filter(_is_the_runtimes, found)]))


def outermost(paths: list[str]) -> tuple[str, ...]:
    """These without what lies below another, and without what /usr has."""
    kept: list[str] = []
    for path in sorted({str(Path(path)) for path in paths}):
        if not any(Path(path).is_relative_to(other) for other in (*kept, "/usr")):
            kept.append(path)
    return tuple(kept)


def _is_the_runtimes(path: str) -> bool:
    # A checkout that is installed into the runtime is ours, and no script's to read.
    return path.startswith("/") and Path(path) != ROOT and path != "/"
