"""Fingerprints of what the real probe tells: one cause has one, however its script is dressed."""

from pathlib import Path

from tests.probe_support import run_probe
from workers.events import FailureReport
from workers.fingerprints import fingerprint_of

PLAIN = """
import torch
from torch import Tensor, nn


class Head(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.max() > 0.5:
            return x
        return -x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.head = Head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.fc(x))


model = Net()
inputs = (torch.ones(2, 4),)
"""

DRESSED = {
    "head.py": '''
from torch import Tensor, nn


class Head(nn.Module):
    """The head, in a file of its own."""

    def forward(self, x: Tensor) -> Tensor:
        if (x.max()   >   0.75):  # sure enough
            return x
        return -x
''',
    "model.py": """
import torch
from torch import nn
from head import Head

net = nn.Sequential(nn.Linear(8, 8), nn.ModuleDict({"deep": Head()})["deep"])
torch.export.export(net, (torch.ones(3, 8),))
""",
}


def cause(folder: Path, files: str | dict[str, str]) -> FailureReport:
    said = run_probe(folder, files, until="stage_finished")
    failure: FailureReport = said.stage("whole").failure
    return failure


def test_a_cause_keeps_its_name_in_another_dress(tmp_path: Path) -> None:
    plain, dressed = cause(tmp_path, PLAIN), cause(tmp_path, DRESSED)
    assert plain.module_class == "Head"
    assert dressed.module_class == "head.Head"
    assert fingerprint_of(plain) == fingerprint_of(dressed)


def test_the_same_line_in_another_class_is_another_cause(tmp_path: Path) -> None:
    other = PLAIN.replace("Head", "Gate")
    assert fingerprint_of(cause(tmp_path, PLAIN)) != fingerprint_of(cause(tmp_path, other))
