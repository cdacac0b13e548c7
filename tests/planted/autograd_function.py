"""A function with a backward of its own whose forward goes through NumPy."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class Quantise(torch.autograd.Function):
    """Rounds to sixteenths; the gradient goes straight through."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        steps = np.round(x.detach().numpy() * 16)  # FAULT numpy_conversion x2
        # FIX: steps = (x * 16).round()
        return torch.as_tensor(steps) / 16

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


class Quantised(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return Quantise.apply(self.fc(x))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(Quantised(), nn.ReLU(), Quantised())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 4),)
