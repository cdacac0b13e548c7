"""Stages after the verdict, end to end: a real server, a real worker, real torch."""

import io
import json
from pathlib import Path

import pytest
import torch

from bench.server import running_server, submit, wait_for

SCRIPT = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(x).relu()

batch = torch.export.Dim("batch", min=2)
torch.export.export(Net().eval(), (torch.rand(3, 4),), dynamic_shapes=({0: batch},))
"""
OPTIONS = {"draft": True, "onnx": True, "remedies": False, "dynamic": False}

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


def test_all_of_them_pass_and_the_program_can_be_downloaded_and_run(tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text(SCRIPT)
    with running_server() as client:
        run = wait_for(client, submit(client, script, options=json.dumps(OPTIONS)))
        stages = {stage["kind"]: stage for stage in run["stages"]}
        data = client.get(stages["serialized"]["file"]["url"]).content
    assert (run["status"], run["verdict"], run["notes"]) == ("finished", "exported", [])
    assert list(stages)[-4:] == ["serialized", "strict", "draft", "onnx"]
    for kind in ("serialized", "strict", "draft", "onnx"):
        assert (stages[kind]["status"], stages[kind]["replay"]) == ("passed", "equal"), kind
    assert len(data) == stages["serialized"]["file"]["bytes"]
    program = torch.export.load(io.BytesIO(data))
    assert program.module()(torch.rand(5, 4)).shape == (5, 2)
