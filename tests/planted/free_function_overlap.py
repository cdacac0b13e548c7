"""Mask refinement; a function of the script, called by a module, branches on an overlap."""

import torch
from torch import Tensor, nn


def dice(left: Tensor, right: Tensor) -> Tensor:
    """Overlap of two masks in 0..1."""
    return 2 * (left * right).sum() / (left.sum() + right.sum())


def keep_better(mask: Tensor, refined: Tensor) -> Tensor:
    """The refined mask, unless it wandered off."""
    if dice(mask, refined) < 0.2:  # FAULT data_dependent_branch in refine
        # FIX: if False:
        return mask
    return refined


class Refine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, mask: Tensor) -> Tensor:
        return keep_better(mask, (mask + self.conv(mask)).sigmoid())


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 1, 3, padding=1)
        self.refine = Refine()

    def forward(self, image: Tensor) -> Tensor:
        return self.refine(self.stem(image).sigmoid())


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(1, 3, 16, 16),)
