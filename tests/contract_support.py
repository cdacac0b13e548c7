"""Scripts whose dimensions are known by heart, and the contract that the real probe reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.probe_support import run_probe
from workers.answers.contract import Contract, ContractDimension

SECONDS = 60.0

IMPORTS = "import torch\nfrom torch import nn\nfrom torch.export import Dim\n"

PICTURE = (
    IMPORTS
    + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, image):
        fine = self.first(image)
        coarse = nn.functional.max_pool2d(fine, 4)
        return fine + nn.functional.interpolate(self.second(coarse), scale_factor=4.0)

model = Net().eval()
inputs = (torch.randn(1, 3, 16, 32),)
"""
)

FIXED_BY_A_LINE = (
    IMPORTS
    + """
class Net(nn.Module):
    def forward(self, clip, mask):
        if clip.shape[1] == 8:
            clip = clip * 2
        frames = int(clip.shape[2])
        weights = torch.ones(frames)
        return clip * weights + mask

model = Net()
inputs = (torch.randn(4, 8, 6), torch.randn(4, 8, 6))
dynamic_shapes = {"clip": {0: Dim.AUTO, 1: Dim.AUTO}, "mask": None}
"""
)

BLOCKED = (
    IMPORTS
    + """
class Net(nn.Module):
    def forward(self, x, y):
        if x.sum() > 0:
            x = x + 1
        return x * y

model = Net()
inputs = (torch.randn(3, 9), torch.randn(3, 9))
"""
)


def read_contract(root: Path, script: str, seconds: float = SECONDS, **options: Any) -> Contract:
    """What the probe says of a script's dimensions."""
    said = run_probe(root, script, kind="contract", work={"seconds": seconds}, **options)
    told = said.first("contract")
    assert isinstance(told, Contract)
    return told


def row(contract: Contract, name: str) -> ContractDimension:
    """The row of `x.shape[0]`."""
    return next(one for one in contract.dimensions if one.name == name)


def sizes(rows: Sequence[Any], **outcome: str) -> list[int]:
    """The sizes of those tries that had this outcome: `program="equal"`."""
    return [
        one.size for one in rows if all(getattr(one, key) == word for key, word in outcome.items())
    ]
