"""A pose model whose fault is in the other file of the upload."""

import torch
from helpers import visible_joints
from torch import Tensor, nn


class PoseLifter(nn.Module):
    """Joints (J, 2) in the image to (J, 3) in space."""

    def __init__(self) -> None:
        super().__init__()
        self.lift = nn.Linear(2, 3)

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        return self.lift(visible_joints(joints, scores))


torch.manual_seed(0)
model = PoseLifter().eval()
inputs = (torch.rand(17, 2), torch.rand(17))
