"""Frames: which files are the user's, and which line of a traceback is the culprit.

A user frame is one in an existing file outside Python's standard library, torch and torch's own
dependencies: the upload's, or a library's such as transformers.
"""

import linecache
import re
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, Literal

import torch

from .emit import SHORT, TEXT, cap

Where = Literal["upload", "library", "torch", "python", "probe"]

# What pip installs with torch. A frame in these is torch's doing, not the user's.
TORCH_DEPENDENCIES = (
    "filelock",
    "fsspec",
    "functorch",
    "jinja2",
    "markupsafe",
    "mpmath",
    "networkx",
    "numpy",
    "setuptools",
    "sympy",
    "torchgen",
    "triton",
    "typing_extensions.py",
)

# torch numbers the code it generates: `<eval_with_key>.17`.
_COUNTER = re.compile(r"(?<=>)\.\d+$")

_HERE = re.escape(f"{Path(__file__).parent.parent.name}/{Path(__file__).parent.name}/")
# What torch's messages say of who called it, where that is the probe on its way past a blocker.
_CALLED_FROM_HERE = re.compile(
    rf"Caused by: \(\S*{_HERE}[^\n]*\)\n?"
    rf"|\n*The following call raised this error:\n  File \"[^\"\n]*{_HERE}[^\n]*(?:\n    [^\n]*)*"
)


def _either_way(*folders: Path) -> tuple[Path, ...]:
    """Folders as they are reached and as they are: code has the name that it was imported by."""
    return tuple(dict.fromkeys(one for path in folders for one in (path, path.resolve())))


_PATHS = sysconfig.get_paths()
_OURS = _either_way(Path(__file__).parent.parent)  # the probe, and the zygote it was forked from
_TORCH = _either_way(Path(torch.__file__).parent)
_STDLIB = _either_way(Path(_PATHS["stdlib"]), Path(_PATHS["platstdlib"]))
_SITES = _either_way(Path(_PATHS["purelib"]), Path(_PATHS["platlib"]))


@dataclass(frozen=True)
class Frame:
    """One line of Python that was running."""

    file: str  # as a person reads it: relative to the upload or to the library's root
    line: int
    function: str
    text: str
    where: Where
    path: str  # the real file

    @property
    def is_user(self) -> bool:
        """Whether this line may be a culprit."""
        return self.where in ("upload", "library")

    def as_event(self) -> dict[str, Any]:
        """The frame as workers/events.py has it."""
        return {
            "file": cap(self.file, SHORT),
            "line": self.line,
            "function": cap(self.function, SHORT),
            "text": cap(self.text, TEXT),
            "where": self.where,
        }


class Places:
    """Tells files apart, for one upload. `sealed`: a sandbox may have refused it something."""

    def __init__(self, root: Path, *, sealed: bool = False) -> None:
        self.root = root
        self.sealed = sealed
        self._place = lru_cache(maxsize=None)(self._find_place)

    def place(self, filename: str) -> tuple[Where, str]:
        """Where a file belongs, and its name as a person reads it."""
        return self._place(filename)

    def is_user(self, filename: str) -> bool:
        """Whether a frame in this file may be a culprit."""
        return self._place(filename)[0] in ("upload", "library")

    def shortened(self, text: str) -> str:
        """`text` with the folders of the upload and of the libraries left out of its paths, and
        without what it says of the probe's own calls.
        """
        text = _CALLED_FROM_HERE.sub("", text)
        for folder in (self.root, *_SITES):
            text = text.replace(f"{folder}/", "")
        return text

    def frame(self, filename: str, line: int, function: str) -> Frame:
        """A frame with its source text, as it was when the file was read."""
        where, file = self._place(filename)
        text = linecache.getline(filename, line).strip()
        return Frame(file, line, function, text, where, filename)

    def _find_place(self, filename: str) -> tuple[Where, str]:
        if filename.startswith("<"):
            return "python", _COUNTER.sub("", filename)
        path = Path(filename)
        if path.is_relative_to(self.root):
            return "upload", path.relative_to(self.root).as_posix()
        if ours := _inside(path, _OURS):
            return "probe", ours.as_posix()
        if torchs := _inside(path, _TORCH):
            return "torch", (_TORCH[0].name / torchs).as_posix()
        if inner := _inside(path, _SITES):
            is_torchs = inner.parts[0] in TORCH_DEPENDENCIES
            return ("torch" if is_torchs else "library"), inner.as_posix()
        if inner := _inside(path, _STDLIB):
            return "python", inner.as_posix()
        return ("library", path.name) if path.is_file() else ("python", filename)


def _inside(path: Path, folders: Iterable[Path]) -> Path | None:
    """The path from the first of these folders that holds it."""
    return next((path.relative_to(one) for one in folders if path.is_relative_to(one)), None)


def frame_of(running: FrameType, line: int, places: Places) -> Frame:
    """A running or left frame, at one of its lines."""
    code = running.f_code
    return places.frame(code.co_filename, line, qualname(code))


def walk(traceback: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    """The raw frames of a traceback with their lines, outermost first."""
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def outwards(frame: FrameType | None, top: str = "") -> Iterator[FrameType]:
    """A running frame and those that called it, innermost first, up to one of the file `top`."""
    while frame is not None and frame.f_code.co_filename != top:
        yield frame
        frame = frame.f_back


def frames_above(frame: FrameType | None, places: Places) -> list[Frame]:
    """The frames that lead to `frame`, itself included, outermost first."""
    return [frame_of(above, above.f_lineno, places) for above in outwards(frame)][::-1]


def qualname(code: CodeType) -> str:
    """`Net.forward`; in Python 3.10, which has no co_qualname, `forward`."""
    return getattr(code, "co_qualname", code.co_name)


def innermost_user(frames: Iterable[Frame]) -> Frame | None:
    """The culprit by the rule above."""
    return next((frame for frame in reversed(list(frames)) if frame.is_user), None)


def innermost_upload(frames: Iterable[Frame]) -> Frame | None:
    """The upload's own innermost line."""
    return next((frame for frame in reversed(list(frames)) if frame.where == "upload"), None)


def source_around(frame: Frame, before: int = 6, after: int = 4) -> dict[str, Any] | None:
    """The lines around a frame, as workers/events.py has them; None where there is no file."""
    lines = linecache.getlines(frame.path)
    if not lines:
        return None
    first = max(1, frame.line - before)
    chosen = lines[first - 1 : frame.line + after]
    return {
        "file": cap(frame.file, SHORT),
        "first": first,
        "lines": [cap(line.rstrip("\r\n"), TEXT) for line in chosen],
    }
