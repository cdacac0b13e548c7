"""Batch and time are to be dynamic; one line fixes the batch, and another one the time."""

import torch
from torch import Tensor, nn
from torch.export import Dim


class Positions(nn.Module):
    """Adds a learned position to each of exactly 10 frames."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(10, 8))

    def forward(self, x: Tensor) -> Tensor:
        x = x * 2
        return x + self.table  # FAULT dynamic_shape_violation in positions
        # FIX: return x + self.table[0]


class Pool(nn.Module):
    """Averages over time, two clips at a time."""

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(1)
        return means.reshape(2, -1)  # FAULT dynamic_shape_violation in pool
        # FIX: return means.flatten()


class Video(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.positions = Positions()
        self.pool = Pool()

    def forward(self, clip: Tensor) -> Tensor:
        return self.pool(self.positions(self.embed(clip)))


torch.manual_seed(0)
model = Video().eval()
inputs = (torch.rand(4, 10, 6),)
dynamic_shapes = {"clip": {0: Dim("batch", max=32), 1: Dim("frames", max=64)}}
