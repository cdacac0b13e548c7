"""The number of foreground points is born in one module and stops the model in another."""

import torch
from torch import Tensor, nn


class Foreground(nn.Module):
    """Points (N, 3) with a positive score."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(3, 1)

    def forward(self, points: Tensor) -> Tensor:
        chosen = torch.nonzero(self.score(points).squeeze(-1) > 0).squeeze(-1)
        return points[chosen]


class Embed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 8)
        self.norm = nn.BatchNorm1d(8)

    def forward(self, points: Tensor) -> Tensor:
        x = self.fc(points)
        x = self.norm(x)  # FAULT data_dependent_shape in embed
        # FIX: x = x * 1.0
        return x.relu()


class PointNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.foreground = Foreground()
        self.embed = Embed()
        self.head = nn.Linear(8, 2)

    def forward(self, points: Tensor) -> Tensor:
        return self.head(self.embed(self.foreground(points)).sum(0))


torch.manual_seed(0)
model = PointNet().eval()
inputs = (torch.rand(32, 3) - 0.5,)
