"""Two operators of a library without shape inference: one called four times, one once."""

import torch
from torch import Tensor, nn

LIBRARY = torch.library.Library("planted_ops", "DEF")
LIBRARY.define("deform(Tensor x, Tensor offset) -> Tensor")
LIBRARY.define("vote(Tensor x) -> Tensor")
LIBRARY.impl("deform", lambda x, offset: x + offset.tanh(), "CPU")
LIBRARY.impl("vote", lambda x: x.amax((2, 3)), "CPU")


class DeformConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.offset = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        offset = self.offset(x)
        x = torch.ops.planted_ops.deform(x, offset)  # FAULT missing_fake_kernel x4 in layers.*
        # FIX: x = x + offset.tanh()
        return x.relu()


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layers = nn.Sequential(*(DeformConv() for _ in range(4)))

    def forward(self, image: Tensor) -> Tensor:
        x = self.layers(self.stem(image))
        return torch.ops.planted_ops.vote(x).softmax(-1)  # FAULT missing_fake_kernel in .
        # FIX: return x.amax((2, 3)).softmax(-1)


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(1, 3, 8, 8),)
