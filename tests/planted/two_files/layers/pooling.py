"""Pooling over tokens."""

import torch
from torch import Tensor, nn


class TopPool(nn.Module):
    """Mean of the tokens whose gate is open, (T, C) to (C,)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gate = nn.Linear(channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        opened = self.gate(x).squeeze(-1).sigmoid() > 0.2
        if opened.sum() == 0:  # FAULT data_dependent_branch in pool @1
            # FIX: if False:
            return x.mean(0)
        return torch.where(opened[:, None], x, 0).sum(0) / opened.sum()
