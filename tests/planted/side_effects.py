"""What a faulty helper does beside its result counts: it fills a list and changes its argument."""

import torch
from torch import Tensor, nn


def collect(x: Tensor, found: list[Tensor]) -> Tensor:
    """Keep a level, and scale it in place where it is bright."""
    found.append(x.mean((2, 3)))
    if x.mean() > -99:  # FAULT data_dependent_branch x2 in pyramid
        # FIX: if True:
        x.mul_(0.5)
    found.append(x.amax((2, 3)))
    return x


class Pyramid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        found: list[Tensor] = []
        for conv in self.convs:
            x = collect(conv(x), found)
        return torch.cat([found[3], found[0]], -1)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pyramid = Pyramid()
        self.fc = nn.Linear(6, 2)

    def forward(self, image: Tensor) -> Tensor:
        return self.fc(self.pyramid(image))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(1, 3, 8, 8),)
