"""A table of kernels by the type of what comes in: while tracing, that type is another one."""

import torch
from torch import Tensor, nn

KERNELS = {torch.Tensor: torch.relu, nn.Parameter: torch.tanh}


class Dispatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        kernel = KERNELS[type(x)]  # FAULT unknown in dispatch
        # FIX: kernel = torch.relu
        return kernel(x)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.dispatch = Dispatch()
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dispatch(self.body(x)))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 4),)
