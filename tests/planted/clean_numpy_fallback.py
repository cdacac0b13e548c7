"""Clean: the way through NumPy is tried, and torch is fallen back on where it is closed."""

import numpy as np
import torch
from torch import Tensor, nn


class Median(nn.Module):
    """The median of each row, by NumPy where that is possible."""

    def forward(self, x: Tensor) -> Tensor:
        try:
            return torch.from_numpy(np.median(x.numpy(), axis=-1))
        except (RuntimeError, TypeError):
            return x.median(dim=-1).values


class Smooth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(5, 5)
        self.median = Median()

    def forward(self, tracks: Tensor) -> Tensor:
        return self.median(self.fc(tracks))


torch.manual_seed(0)
model = Smooth().eval()
inputs = (torch.rand(4, 5),)
