"""A count is taken from the data in one module, and asked about in two others."""

import torch
from torch import Tensor, nn


class Count(nn.Module):
    def forward(self, scores: Tensor) -> int:
        """How many people are seen; the number itself stops nothing."""
        return (scores > 0.01).sum().item()


class Crowd(nn.Module):
    def forward(self, x: Tensor, people: int) -> Tensor:
        if people > 3:  # FAULT data_dependent_branch in crowd
            # FIX: if True:
            x = x * 0.5
        return x


class Solo(nn.Module):
    def forward(self, x: Tensor, people: int) -> Tensor:
        if people == 1:  # FAULT data_dependent_branch in solo
            # FIX: if False:
            return x[:1]
        return x


class Pose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.count = Count()
        self.crowd = Crowd()
        self.solo = Solo()

    def forward(self, x: Tensor) -> Tensor:
        out = self.head(x).sigmoid()
        people = self.count(out[:, 0])
        return self.solo(self.crowd(out, people), people)


torch.manual_seed(0)
model = Pose().eval()
inputs = (torch.rand(5, 6),)
