"""A Swin-like backbone; the fault is five modules down, in one block of one stage alone."""

import torch
from torch import Tensor, nn


class WindowAttention(nn.Module):
    def __init__(self, width: int, guarded: bool) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.guarded = guarded

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(x).chunk(3, -1)
        logits = query @ key.mT
        if self.guarded:
            logits = logits * 1.0
            if logits.isinf().any():  # FAULT data_dependent_branch in *.1.blocks.0.attention
                # FIX: if False:
                logits = logits.clamp(-1e4, 1e4)
        return logits.softmax(-1) @ value


class Block(nn.Module):
    def __init__(self, width: int, guarded: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = WindowAttention(width, guarded)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.attention(self.norm(x))


class Stage(nn.Module):
    def __init__(self, width: int, depth: int, index: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, index == 1 and d == 0) for d in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.Sequential(*(Stage(8, 2, index) for index in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.stages(x)


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x).mean(1)


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = Base()
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.model(x))


torch.manual_seed(0)
model = Classifier().eval()
inputs = (torch.rand(1, 16, 8),)
