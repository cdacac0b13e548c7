"""A custom pooling whose fake kernel forgets that it halves the width; a Linear trips over it."""

import torch
from torch import Tensor, nn


@torch.library.custom_op("planted_wrong::pool", mutates_args=())
def pool(x: Tensor) -> Tensor:
    """(N, C) to (N, C / 2)."""
    return x[:, ::2].clone()


@pool.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = pool(x)
        return self.fc(x)  # FAULT mismatched_fake_kernel in head
        # FIX: return x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 16)
        self.head = Head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 4),)
