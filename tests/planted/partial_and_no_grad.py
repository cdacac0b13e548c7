"""A functools.partial as the post-processing, and a no_grad block around a threshold search."""

from functools import partial

import torch
from torch import Tensor, nn


def clean_up(mask: Tensor, smallest: int) -> Tensor:
    """A mask without its foreground where that is too small."""
    if mask.sum() < smallest:  # FAULT data_dependent_branch in . @2
        # FIX: if False:
        return torch.zeros_like(mask)
    return mask


class Threshold(nn.Module):
    """Otsu's threshold, coarsely."""

    def forward(self, logits: Tensor) -> Tensor:
        with torch.no_grad():
            low, high = logits.min(), logits.max()
            assert high > low  # FAULT data_dependent_branch in threshold @1
            # FIX: pass
            middle = (low + high) / 2
        return logits - middle


class Segment(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3, padding=1)
        self.threshold = Threshold()
        self.post = partial(clean_up, smallest=4)

    def forward(self, image: Tensor) -> Tensor:
        return self.post((self.threshold(self.conv(image)) > 0).float())


torch.manual_seed(0)
model = Segment().eval()
inputs = (torch.rand(1, 3, 12, 12),)
