"""A quadtree that splits where the image is busy: a function that calls itself."""

import torch
from torch import Tensor, nn


def split(x: Tensor, depth: int) -> Tensor:
    """The mean of a square, or of its four quarters where it varies."""
    if depth == 0 or x.std() < 0.01:  # FAULT data_dependent_branch x? in tree
        # FIX: if depth == 0:
        return x.mean()
    top, bottom = x.chunk(2, 0)
    quarters = [*top.chunk(2, 1), *bottom.chunk(2, 1)]
    return torch.stack([split(quarter, depth - 1) for quarter in quarters]).sum()


class Tree(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return split(x[0, 0], depth=2)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
        self.tree = Tree()

    def forward(self, image: Tensor) -> Tensor:
        return self.tree(self.conv(image))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(1, 1, 8, 8),)
