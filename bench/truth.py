"""What plain torch.export.export says of a script, in a fresh Python, with none of our code near.

    python bench/truth.py [--strict | --no-strict] script.py …

Prints one JSON object a script: `ok`, `exception`, `message`, `seconds` of the export, `model`
(its class), and, where export failed, `file` and `line` of the innermost user frame; where an
output is no pytree, of the `return` that made it. The rule is DESIGN's, written a second time on
purpose: a check that shared the probe's code would repeat the probe's mistakes. Several scripts
each get a child that is forked before torch has exported anything.
"""

import argparse
import contextlib
import functools
import importlib
import importlib.metadata
import inspect
import json
import os
import re
import runpy
import sys
import sysconfig
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import torch

STDLIB = Path(sysconfig.get_path("stdlib")).resolve()
SITE = Path(sysconfig.get_path("purelib")).resolve()
# Dynamo has no Python frames of the user's code: it prints them.
USER_CODE = re.compile(r'^\s*File "(.+)", line (\d+), in ', re.MULTILINE)
UNKNOWN_TYPE = "which is not a known type"
# What takes seconds to import, by the word in a script that asks for it.
SLOW = {
    "torch": "torch._dynamo",
    "torchvision": "torchvision",
    "transformers": "transformers.modeling_utils",
}
# Where DESIGN wants another line than the innermost frame, and no traceback has it.
ELSEWHERE = {
    "Constraints violated": "the guard's line",
    UNKNOWN_TYPE: "the return",
    "Unsupported input type": "the export call",
}


class Timed:
    """torch.export.export, with the time it took and the model it was given."""

    def __init__(self, strict: bool | None) -> None:
        self.strict = strict
        self.seconds = 0.0
        self.model = ""
        self.call: Callable[[], Any] | None = None  # made once more by last_return
        self.forward: Any = None
        self.real = torch.export.export

    def __call__(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Make the call."""
        self.model = type(model).__name__
        if self.strict is not None:
            kwargs["strict"] = self.strict
        self.forward = inspect.unwrap(type(model).forward)
        self.call = functools.partial(self.real, model, *args, **kwargs)
        started = time.perf_counter()
        try:
            return self.call()
        finally:
            self.seconds = time.perf_counter() - started


def main() -> None:
    """Tell the truth about each script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument("scripts", nargs="+", type=Path)
    options = parser.parse_args()
    if len(options.scripts) == 1:
        _tell(options.scripts[0], options.strict)
        return
    texts = [script.read_text() for script in options.scripts]
    for package, module in SLOW.items():  # most of a first export's time, and changes nothing
        if any(package in text for text in texts):
            importlib.import_module(module)
    for script in options.scripts:
        if (child := os.fork()) == 0:
            _tell(script, options.strict)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise RuntimeError(f"the child of {script} crashed")


def _tell(script: Path, strict: bool | None) -> None:
    sys.path[0] = str(script.parent)
    timed = Timed(strict)
    told: dict[str, Any] = {"script": script.name, "ok": True}
    try:
        with _silent():
            _export(script, timed)
    except Exception as error:  # whatever stops the script is what its author would see
        told |= {"ok": False} | _failure(error, script, timed)
    told |= {"seconds": round(timed.seconds, 3), "model": timed.model}
    print(json.dumps(told), flush=True)


def _export(script: Path, timed: Timed) -> None:
    """Run the script; one that only has names gets the call that its author would write."""
    torch.export.export = timed  # type: ignore[assignment]
    names = runpy.run_path(str(script), run_name="__main__")
    if "model" in names and not timed.model:
        given = names["inputs"]
        args, kwargs = ((), given) if isinstance(given, dict) else (tuple(given), {})
        timed(names["model"], args, kwargs, dynamic_shapes=names.get("dynamic_shapes"))


class _silent:  # noqa: N801 - reads as a word
    """Keeps what a script prints out of the answer."""

    def __enter__(self) -> None:
        warnings.simplefilter("ignore")
        self.kept = os.dup(1)
        os.dup2(2, 1)

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()
        os.dup2(self.kept, 1)
        os.close(self.kept)


def _failure(error: BaseException, script: Path, timed: Timed) -> dict[str, Any]:
    message = str(error)
    found: dict[str, Any] = {"exception": _class_name(type(error)), "message": message[:300]}
    found["elsewhere"] = next((why for text, why in ELSEWHERE.items() if text in message), "")
    is_output = UNKNOWN_TYPE in message
    frame = last_return(timed, script) if is_output else innermost_user_frame(error, script)
    if frame:
        found["file"], found["line"] = frame
    return found


def last_return(timed: Timed, script: Path) -> tuple[str, int] | None:
    """The `return` by which the model's forward ends, watched while it is exported once more."""
    code, lines = timed.forward.__code__, []

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is code:
            lines.append(frame.f_lineno)

    assert timed.call is not None
    sys.setprofile(watch)
    with contextlib.suppress(Exception):
        timed.call()
    sys.setprofile(None)
    file = _user_file(code.co_filename, script)
    return (file, lines[-1]) if file and lines else None


def _class_name(cls: type) -> str:
    """With its module, as a traceback ends."""
    return (
        cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    )


def innermost_user_frame(error: BaseException, script: Path) -> tuple[str, int] | None:
    """File (as a person reads it) and line of the innermost frame outside torch and Python.

    An explicit cause was running deeper than what wraps it, so the last one is asked first.
    """
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    for cause in reversed(causes):
        for file, line in _frames(cause):
            if shown := _user_file(file, script):
                return shown, line
    return None


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    """The innermost first: what Dynamo says of the user's code, then the traceback."""
    _, mark, told = str(error).partition("from user code:")
    if mark:
        yield from reversed([(file, int(line)) for file, line in USER_CODE.findall(told)])
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        yield frame.filename, frame.lineno or 0


def _user_file(file: str, script: Path) -> str | None:
    """The file's name if its frames are a user's, else None."""
    path = Path(file).resolve()
    if not path.is_file() or path == Path(__file__).resolve():
        return None
    if path.is_relative_to(SITE):
        inner = path.relative_to(SITE)
        return None if inner.parts[0] in TORCHS else inner.as_posix()
    if path.is_relative_to(STDLIB):
        return None
    return path.name if path == script.resolve() else path.as_posix()


def _names_of(distribution: str, seen: set[str]) -> set[str]:
    """What a distribution and all that it requires put into site-packages."""
    try:
        found = importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return set()  # an optional one
    seen.add(distribution)
    names = {file.parts[0] for file in found.files or ()}
    for text in found.requires or ():
        required = re.split(r"[^\w.-]", text)[0]
        if required not in seen and "extra ==" not in text:
            names |= _names_of(required, seen)
    return names


TORCHS = _names_of("torch", set())

if __name__ == "__main__":
    main()
