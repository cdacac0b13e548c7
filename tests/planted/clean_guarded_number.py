"""Clean: a helper that a try around its call protects, in a loop, twice.

REPLAY: the export took the way of the exception, eager the other one.
"""

import torch
from torch import Tensor, nn


def brightest(x: Tensor) -> int:
    """The largest value, rounded up."""
    return range(256)[(x.max() * 255).long()]


class AutoContrast(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        for _ in range(2):
            try:
                largest = brightest(image)
            except Exception:
                largest = 255
            image = image * (255 / max(largest, 1))
        return image


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.contrast = AutoContrast()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, image: Tensor) -> Tensor:
        return self.conv(self.contrast(image))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(1, 1, 8, 8),)
