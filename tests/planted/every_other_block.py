"""Six equal blocks; by configuration only every other one normalises by what it sees."""

import torch
from torch import Tensor, nn


class Block(nn.Module):
    def __init__(self, width: int, adaptive: bool) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, 3, padding=1)
        self.adaptive = adaptive

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x).relu()
        if self.adaptive:
            scale = max(y.max().item(), 1e-6)  # FAULT data_dependent_branch x3 in encoder.[135]
            # FIX: scale = 1.0
            y = y / scale
        return x + y


class PoseOverTime(nn.Module):
    """Joint tracks (N, 2 * J, T), smoothed."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(*(Block(8, index % 2 == 1) for index in range(6)))

    def forward(self, tracks: Tensor) -> Tensor:
        return self.encoder(tracks)


torch.manual_seed(0)
model = PoseOverTime().eval()
inputs = (torch.rand(1, 8, 10),)
