"""A forward hook watches the backbone and rescales what explodes."""

from typing import Any

import torch
from torch import Tensor, nn


def rescale(module: nn.Module, args: Any, output: Tensor) -> Tensor:
    """Bring the output back to unit norm where it is beyond."""
    if output.norm() > 1:  # FAULT data_dependent_branch
        # FIX: if True:
        return output / output.norm()
    return output


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(10, 16), nn.GELU())
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


def get_model() -> nn.Module:
    torch.manual_seed(0)
    net = Net().eval()
    net.backbone.register_forward_hook(rescale)
    return net


def get_inputs() -> tuple[Tensor]:
    return (torch.rand(4, 10),)
