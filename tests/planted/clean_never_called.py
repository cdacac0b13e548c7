"""Clean: what looks bad here is in modules and methods that this configuration never calls."""

import torch
from torch import Tensor, nn


class Auxiliary(nn.Module):
    """A head for training."""

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x[x > 0]
        return torch.tensor(x.tolist())


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.auxiliary = Auxiliary()

    def loss(self, x: Tensor, y: Tensor) -> float:
        """Not called by forward."""
        return float((x - y).pow(2).mean())

    def forward(self, x: Tensor, with_auxiliary: bool = False) -> Tensor:
        x = self.body(x)
        if self.training or with_auxiliary:
            return self.auxiliary(x)
        return x


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(3, 4),)
