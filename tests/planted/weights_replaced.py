"""Spectral normalisation by hand: forward puts new data under a parameter while it is traced."""

import torch
from torch import Tensor, nn


class Spectral(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        norm = self.weight.norm()
        self.weight.data = self.weight.data / norm  # FAULT mutation in layers.1
        # FIX: norm = norm * 1.0
        return x @ self.weight


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), Spectral(), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 3),)
