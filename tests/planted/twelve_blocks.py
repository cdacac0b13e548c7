"""A video transformer of twelve equal blocks, each of which may skip itself."""

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """Attention that is left out where the clip hardly moves."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        if normed.std() < 1e-3:  # FAULT data_dependent_branch x12 in blocks.*
            # FIX: if False:
            return x
        return x + self.mix(normed)


class VideoTransformer(nn.Module):
    def __init__(self, depth: int = 12, width: int = 16) -> None:
        super().__init__()
        self.embed = nn.Linear(8, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.head = nn.Linear(width, 4)

    def forward(self, clip: Tensor) -> Tensor:
        x = self.embed(clip)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(1))


torch.manual_seed(0)
model = VideoTransformer().eval()
inputs = (torch.rand(1, 6, 8),)
