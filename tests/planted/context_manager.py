"""A context manager of the script's own asks the data when it is left."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def watched(x: Tensor) -> Iterator[Tensor]:
    """Give x, and refuse to go on where it holds infinities."""
    yield x
    if torch.isinf(x).any():  # FAULT data_dependent_branch x2 in encode|decode
        # FIX: if False:
        raise OverflowError("infinite activations")


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad(), watched(x) as seen:
            return self.fc(seen)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = Layer()
        self.decode = Layer()

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 4),)
