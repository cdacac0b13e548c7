"""A model that asks another program which revision it is, while it runs.

SEALED: fails in the sandbox alone.
"""

import subprocess
import sys

import torch
from torch import Tensor, nn


def revision() -> int:
    """A number that another program gives."""
    command = [sys.executable, "-S", "-c", "print(3)"]
    return int(subprocess.check_output(command))  # FAULT sandbox
    # FIX: return 3


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * revision()


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 4),)
