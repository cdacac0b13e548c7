"""Strict export of a pose model that branches on the data in a nested module."""

import torch
from torch import Tensor, nn


class Flip(nn.Module):
    """Turns a skeleton that lies on its head."""

    def forward(self, joints: Tensor) -> Tensor:
        head, feet = joints[0, 1], joints[-1, 1]
        if head > feet:  # FAULT data_dependent_branch
            # FIX: if False:
            joints = -joints
        return joints


class Pose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lift = nn.Linear(6, 3)
        self.post = nn.ModuleDict({"flip": Flip()})

    def forward(self, joints: Tensor) -> Tensor:
        return self.post["flip"](self.lift(joints))


torch.manual_seed(0)
torch.export.export(Pose().eval(), (torch.rand(17, 6),), strict=True)
