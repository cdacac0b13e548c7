"""Clean: hooks, partials, properties and decorators that ask nothing."""

from functools import partial, wraps
from typing import Any

import torch
from torch import Tensor, nn


def scaled(module: nn.Module, args: Any, output: Tensor) -> Tensor:
    """A hook that halves."""
    return output / 2


def documented(forward: Any) -> Any:
    """A decorator that adds nothing."""

    @wraps(forward)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return forward(*args, **kwargs)

    return wrapper


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.fc.register_forward_hook(scaled)
        self.clip = partial(torch.clamp, min=-1.0, max=1.0)

    @property
    def width(self) -> int:
        """How wide the layer is."""
        return self.fc.out_features

    @documented
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self.clip(self.fc(x)) * self.width


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(3, 4),)
