"""Eager decides against a branch that is full of faults: none of them stops this model."""

import torch
from torch import Tensor, nn


class Rescue(nn.Module):
    """What is done with a frame that shows nobody."""

    def forward(self, x: Tensor) -> Tensor:
        x = torch.from_numpy(x.numpy())
        return x[: int(x.argmax())]


class Pose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.rescue = Rescue()

    def forward(self, x: Tensor) -> Tensor:
        joints = self.head(x)
        empty = joints.abs().sum() == 0
        if empty:  # FAULT data_dependent_branch in .
            # FIX: if False:
            return self.rescue(joints)
        return joints - joints.mean(0)


torch.manual_seed(0)
model = Pose().eval()
inputs = (torch.rand(4, 6),)
