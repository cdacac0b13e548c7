"""One refiner, with one set of weights, that is called on three levels of a pyramid."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Refiner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        if y.mean() > x.mean():  # FAULT data_dependent_branch x3 in refiner
            # FIX: if False:
            y = y - y.mean()
        return x + y


class Pyramid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.refiner = Refiner()

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.stem(image).relu()
        levels = [x, F.avg_pool2d(x, 2), F.avg_pool2d(x, 4)]
        return [self.refiner(level) for level in levels]


torch.manual_seed(0)
model = Pyramid().eval()
inputs = (torch.rand(1, 3, 16, 16),)
