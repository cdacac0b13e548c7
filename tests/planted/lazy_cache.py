"""A table of positions that is made at the first call, from a number out of a buffer."""

import torch
from torch import Tensor, nn


class Rotary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("longest", torch.tensor(16))
        self.table: Tensor | None = None

    def positions(self) -> Tensor:
        """The table (16, 8)."""
        if self.table is None:
            steps = torch.arange(16)[: range(99)[self.longest]]  # FAULT tensor_to_python in rotary
            # FIX: steps = torch.arange(16)
            self.table = steps[:, None] / torch.arange(1, 9)
        return self.table

    def forward(self, x: Tensor) -> Tensor:
        return x * self.positions().cos()[: x.shape[1]] + x * self.positions().sin()[: x.shape[1]]


class Language(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(30, 8)
        self.rotary = Rotary()

    def forward(self, tokens: Tensor) -> Tensor:
        return self.rotary(self.rotary(self.embed(tokens)))


torch.manual_seed(0)
model = Language().eval()
inputs = (torch.arange(5)[None],)
