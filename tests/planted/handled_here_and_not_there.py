"""One helper, two calls: the first within a try of the script's own, the second without."""

import torch
from torch import Tensor, nn


def peak(x: Tensor) -> int:
    """The highest activation, in whole steps."""
    return range(999)[x.max().long()]  # FAULT tensor_to_python x? in decode
    # FIX: return 1


class Encode(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        try:
            steps = peak(x)
        except Exception:
            steps = 1
        return self.fc(x) * steps


class Decode(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + peak(x.abs())


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = Encode()
        self.decode = Decode()

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(3, 4) + 1,)
