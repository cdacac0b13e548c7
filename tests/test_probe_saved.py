"""The program as a file: saved where the script ran, loaded and replayed where it never did."""

import io
from pathlib import Path

import torch

from tests.errand_support import loaded, saved

SCRIPT = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.head = nn.Linear(4, 2)

    def forward(self, x, *, scale, bias=None):
        self.calls.add_(1)
        noise = torch.rand(2)
        return {"y": self.head(x * scale["a"]) * self.calls + noise, "rest": (x, None, 3)}

model = Net()
inputs = {"scale": {"a": torch.rand(4)}, "x": torch.rand(3, 4)}
dynamic_shapes = {"x": {0: torch.export.Dim("batch", min=2)}, "scale": {"a": None}}
"""

OPERATOR = """import torch
from torch import nn

@torch.library.custom_op("mine::double", mutates_args=())
def double(x: torch.Tensor) -> torch.Tensor:
    return x * 2

@double.register_fake
def _(x):
    return torch.empty_like(x)

class Net(nn.Module):
    def forward(self, x):
        return double(x)

model, inputs = Net(), (torch.rand(2),)
"""


def test_a_saved_program_gives_what_eager_gave_where_the_script_never_ran(tmp_path: Path) -> None:
    said, files = saved(tmp_path, SCRIPT)
    assert files.keys() == {"program.pt2", "cases.pt"}
    answer = said.first("saved")
    assert (answer.bytes, answer.failure) == (len(files["program.pt2"]), None)
    stage = loaded(files).stage("loader")
    assert (stage.status, stage.replay.status) == ("passed", "equal")
    assert [case.sizes for case in stage.replay.cases] == [
        {},
        {"x.shape[0]": 4},
        {"x.shape[0]": 2},
    ]
    assert [output.name for output in stage.replay.cases[0].outputs] == [
        "['y']",
        "['rest'][0]",
        "['rest'][1]",
        "['rest'][2]",
    ]


def test_another_output_than_eagers_is_told(tmp_path: Path) -> None:
    _, files = saved(tmp_path, SCRIPT)
    cases = torch.load(io.BytesIO(files["cases.pt"]), weights_only=True)
    cases[0]["outputs"][0] += 1
    buffer = io.BytesIO()
    torch.save(cases, buffer)
    stage = loaded(files | {"cases.pt": buffer.getvalue()}).stage("loader")
    assert (stage.status, stage.replay.status) == ("passed", "different")
    assert [case.status for case in stage.replay.cases] == ["different", "equal", "equal"]


def test_a_program_with_an_operator_of_the_scripts_own_does_not_load(tmp_path: Path) -> None:
    _, files = saved(tmp_path, OPERATOR)
    stage = loaded(files).stage("loader")
    assert (stage.status, stage.failure.category) == ("failed", "serialization")
    assert "torch.ops.mine.double.default" in stage.failure.message.splitlines()[0]
    assert stage.failure.hint


def test_a_program_past_the_cap_is_told_of_and_not_sent(tmp_path: Path) -> None:
    said, files = saved(tmp_path, OPERATOR, room=100)
    assert files == {}
    assert said.first("saved").bytes > 100


def test_what_cannot_be_saved_is_a_failure(tmp_path: Path) -> None:
    broken = "\ndef broken(*args, **kwargs): raise RuntimeError('no room on the disk')\n"
    said, files = saved(tmp_path, f"{OPERATOR}{broken}torch.export.save = broken\n")
    failure = said.first("saved").failure
    assert (failure.category, failure.message) == ("serialization", "no room on the disk")
    assert files == {}
