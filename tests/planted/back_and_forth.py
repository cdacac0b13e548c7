"""Coarse, fine, and coarse again: the faults of two modules take turns."""

import torch
from torch import Tensor, nn


class Coarse(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y.tanh() if y.max() > 50 else y  # FAULT data_dependent_branch x2 in coarse
        # FIX: return y


class Fine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        shift = range(9)[(x.abs().amax() * 0).long()]  # FAULT tensor_to_python x2 in fine
        # FIX: shift = 0
        return x.roll(shift, 0)


class Flow(nn.Module):
    """Optical flow by two modules in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse = Coarse()
        self.fine = Fine()

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(2):
            x = self.fine(self.coarse(x))
        return x


torch.manual_seed(0)
model = Flow().eval()
inputs = (torch.rand(3, 4),)
