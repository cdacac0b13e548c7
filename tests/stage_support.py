"""Runs stages in this process, on models that stand in a test file."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workers.events import StageFinished
from workers.probe.call import Call
from workers.probe.emit import Emitter
from workers.probe.frames import Places
from workers.probe.snapshot import Snapshot
from workers.probe.stages import Attempt, Bench
from workers.vocabulary import EVENTS

HERE = Path(__file__).parent


def call_of(model: nn.Module, *args: Any, **fields: Any) -> Call:
    """The export call of a model with positional inputs."""
    given: dict[str, Any] = {"kwargs": {}, "dynamic_shapes": None, "strict": False, "form": "names"}
    return Call(model, args, **(given | fields))


def run_stage(call: Call, attempt: Attempt | None = None) -> StageFinished:
    """What one stage says; the whole model's where no attempt is given."""
    whole = Attempt("whole", call.export, call.model, call.model, call.args, call.kwargs)
    with tempfile.TemporaryFile() as file:
        bench = Bench(call, Places(HERE), Emitter(file.fileno()), Snapshot(call.model))
        bench.run(attempt or whole)
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        events = [EVENTS.validate_python(json.loads(line)) for line in file]
    finished = events[-1]
    assert isinstance(finished, StageFinished)
    return finished


def export_whole(model: nn.Module, *args: Any, **fields: Any) -> StageFinished:
    """The whole stage of a model."""
    return run_stage(call_of(model, *args, **fields))


class Wrap(nn.Module):
    """A model with one part, so that the part has a path."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, *args: Any) -> Any:
        return self.part(*args)


__all__ = ["Wrap", "call_of", "export_whole", "run_stage", "torch"]
