"""Left and right hand have a module each; both call one helper, which asks the data."""

import torch
from torch import Tensor, nn


def normalised(points: Tensor) -> Tensor:
    """Points (J, 3) about their root, in units of the hand's size."""
    centered = points - points[:1]
    size = centered.norm(dim=-1).max()
    if size < 1e-6:  # FAULT data_dependent_branch x2 in left|right
        # FIX: if False:
        return centered
    return centered / size


class LeftHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, points: Tensor) -> Tensor:
        return self.fc(normalised(points))


class RightHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, points: Tensor) -> Tensor:
        return normalised(points) * self.scale


class Hands(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left = LeftHand()
        self.right = RightHand()

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return torch.cat([self.left(left), self.right(right)])


torch.manual_seed(0)
model = Hands().eval()
inputs = {"left": torch.rand(21, 3), "right": torch.rand(21, 3)}
