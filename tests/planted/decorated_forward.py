"""A forward in a decorator: the fault is the forward's, not the wrapper's."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def checked(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Have a forward say which shapes it wants."""

    @functools.wraps(forward)
    def wrapper(self: nn.Module, x: Tensor, *rest: Any) -> Tensor:
        if x.ndim != 3:
            raise ValueError(f"{type(self).__name__} wants (N, T, C)")
        return forward(self, x, *rest)

    return wrapper


class Temporal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.Linear(8, 8)

    @checked
    def forward(self, x: Tensor) -> Tensor:
        still = (x[:, 1:] - x[:, :-1]).abs().amax()
        if still < 1e-4:  # FAULT data_dependent_branch in temporal
            # FIX: if False:
            return x
        return self.gru(x)


class Video(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.temporal = Temporal()

    @checked
    def forward(self, x: Tensor) -> Tensor:
        return self.temporal(x).mean(1)


torch.manual_seed(0)
model = Video().eval()
inputs = (torch.rand(2, 5, 8),)
