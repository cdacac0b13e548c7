"""A layer that renormalises its own weight in forward, as a max-norm constraint would."""

import torch
from torch import Tensor, nn


class MaxNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(6, 4))

    def forward(self, x: Tensor) -> Tensor:
        norm = self.weight.detach().norm(dim=1, keepdim=True).clamp(min=1.0)
        self.weight.div_(norm)  # FAULT mutation in head
        # FIX: norm = norm * 1.0
        return x @ self.weight.T


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(3, 4)
        self.head = MaxNorm()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).relu())


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 3),)
