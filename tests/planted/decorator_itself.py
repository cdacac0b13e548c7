"""The wrapper that a decorator puts around forward asks the data; the forward is sound."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor, nn


def finite(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Have a forward refuse to give NaN."""

    @functools.wraps(forward)
    def wrapper(self: nn.Module, x: Tensor) -> Tensor:
        y = forward(self, x)
        if torch.isnan(y).any():  # FAULT data_dependent_branch x2 in encoder|decoder
            # FIX: if False:
            raise FloatingPointError(type(self).__name__)
        return y

    return wrapper


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)

    @finite
    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(6, 2, 1)

    @finite
    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x).relu())


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(1, 3, 8, 8),)
