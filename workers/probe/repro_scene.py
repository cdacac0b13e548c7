"""What a repro is made of, gathered in the process that has loaded the upload."""

import ast
import sys
from pathlib import Path
from typing import Any

import torch

from .call import Call
from .frames import Frame, Places
from .job import Job
from .repro_code import Coder
from .repro_propose import Material, Wanted
from .repro_record import Spot, recorded_run
from .repro_source import (
    READ_ERRORS,
    CannotFlattenError,
    flattened,
    statement_at,
    without_lines,
)
from .snapshot import Snapshot

_EXPORTS = ("export", "draft_export", "trace")
_INPUTS = ("inputs", "example_inputs")


def spot_of(cause: dict[str, Any], places: Places) -> Spot | None:
    """Where a cause's line is; None where its file is not to be had."""
    path = _path_of(cause["file"], cause["where"], places)
    if path is None:
        return None
    line = cause["line"]
    try:
        one = statement_at(path.read_text(), line)
    except (*READ_ERRORS, OSError):
        one = None
    first, last = (one.first, one.last) if one else (line, line)
    body = getattr(one.node, "body", None) if one else None
    if isinstance(body, list) and body:  # of a compound statement the header
        last = max(first, body[0].lineno - 1)
    return Spot(str(path), first, last, cause["function"].rpartition(".")[2])


def _path_of(file: str, where: str, places: Places) -> Path | None:
    """A file by the name that a person reads."""
    folders = [places.root] if where == "upload" else [Path(folder) for folder in sys.path]
    found = (folder / file for folder in folders if file)
    return next((path for path in found if path.is_file()), None)


def material_of(
    job: Job, places: Places, call: Call, coder: Coder, wanted: list[Wanted]
) -> Material:
    """Run the model once in eager, and gather what scripts are made of.

    Raises:
        BaseException: whatever the model raises.
    """
    grad = torch.is_grad_enabled()
    spots = [one.spot for one in wanted if one.spot is not None]
    paths = [path for one in wanted for path in _upwards(one.module)]
    records = recorded_run(call, Snapshot(call.model), coder, paths, spots)
    source, model, inputs = _source(job, call)
    lines = {spot.path: Path(spot.path).read_text() for spot in spots}
    return Material(call, coder, records, source, lines, model, inputs, grad)


def _upwards(path: str | None) -> list[str]:
    parts = path.split(".") if path else []
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _source(job: Job, call: Call) -> tuple[str, str, str]:
    """The upload as one file without its export call, and what it calls its model and inputs."""
    try:
        entry = job.script.read_text()
        lines = {frame.line for frame in call.stack if _is_top_of(frame, job)}
        model, inputs = _names(call, entry)
        entry = without_lines(entry, lines) if lines else entry
        package = getattr(sys.modules["__main__"], "__package__", None) or ""
        return flattened(entry, _modules(job), package), model, inputs
    except (*READ_ERRORS, CannotFlattenError, OSError) as error:
        sys.stderr.write(f"the upload cannot be one file: {error!r}\n")
        return "", "", ""


def _is_top_of(frame: Frame, job: Job) -> bool:
    return frame.path == str(job.script) and frame.function == "<module>"


def _modules(job: Job) -> dict[str, str]:
    """Texts of the upload's modules that were imported, by their names."""
    found = {}
    for name, module in sys.modules.items():
        file = getattr(module, "__file__", None)
        if name != "__main__" and file and Path(file).is_relative_to(job.root):
            found[name] = Path(file).read_text()
    return found


def _names(call: Call, entry: str) -> tuple[str, str]:
    """How the script's own names give the model and the arguments; empty where they do not."""
    names = vars(sys.modules["__main__"])
    if call.form == "exports_itself":
        model = next((n for n, value in names.items() if value is call.model), "")
        return model, _given(entry)
    if call.form == "class":
        made = f"{type(call.model).__name__}()"
        return made, _as_tuple(f"{type(call.model).__name__}.example_inputs", names)
    if "model" in names:
        model = "model"
    elif "get_model" in names:
        model = "get_model()"
    else:
        return "", ""
    for name in _INPUTS:
        if name in names:
            return model, _as_tuple(name, names)
    return model, _as_tuple("get_inputs()", names)


def _as_tuple(code: str, names: dict[str, Any]) -> str:
    value = names.get(code)
    if isinstance(value, torch.Tensor):
        return f"({code},)"
    return f"(), {code}" if isinstance(value, dict) else f"tuple({code})"


def _given(entry: str) -> str:
    """The arguments of the script's own export call, as it writes them, without the model."""
    for node in ast.walk(ast.parse(entry)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _EXPORTS:
            known = [one for one in node.keywords if one.arg in ("args", "kwargs")]
            parts = [ast.unparse(one) for one in (*node.args[1:], *known)]
            return ", ".join(parts)
    return ""
