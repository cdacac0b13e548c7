"""Strict export of a model that looks at the clock, which the tracer cannot follow."""

import time

import torch
from torch import Tensor, nn


class Timed(nn.Module):
    """A layer that keeps within a budget of seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        started = time.perf_counter()  # FAULT unsupported_python
        # FIX: started = 1.0
        y = self.conv(x)
        return y if started > 0 else x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv1d(2, 4, 1), Timed())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


torch.manual_seed(0)
torch.export.export(Net().eval(), (torch.rand(1, 2, 10),), strict=True)
