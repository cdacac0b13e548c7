"""A head that expects other features than its neck gives: no export is to blame.

EAGER: the model fails by itself.
"""

import torch
from torch import Tensor, nn


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        pooled = x.mean((2, 3))
        return self.fc(pooled)  # FAULT eager_error
        # FIX: return pooled


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 16, 3)
        self.head = Head()

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.body(image))


model = Net().eval()
inputs = (torch.rand(1, 3, 8, 8),)
