"""The first suspicious line is handled by the script itself; the second is not."""

import torch
from torch import Tensor, nn


class Normalise(nn.Module):
    """Divides by the largest value where it can be read, else by the largest possible."""

    def forward(self, image: Tensor) -> Tensor:
        try:
            largest = float(image.max())
        except Exception:
            largest = 255.0
        return image / largest


class Segment(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.conv = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        logits = self.conv(self.normalise(image))
        foreground = logits.argmax(1)
        if foreground.sum() == 0:  # FAULT data_dependent_branch in .
            # FIX: if False:
            return torch.zeros_like(logits)
        return logits


torch.manual_seed(0)
model = Segment().eval()
inputs = (torch.rand(1, 3, 16, 16) * 255,)
