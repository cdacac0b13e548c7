"""Clean: loops over ranges, zips, generators and tensors of known size."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn


class Levels(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(2, 2, 1) for _ in range(3))

    def windows(self, x: Tensor) -> Iterator[Tensor]:
        for start in range(0, x.shape[-1], 4):
            yield x[..., start : start + 4]

    def forward(self, x: Tensor) -> list[Tensor]:
        outs = [conv(w) for conv, w in zip(self.convs, self.windows(x), strict=True)]
        total = sum(frame.mean() for frame in x)
        step = 0
        while step < len(outs):
            outs[step] = outs[step] + total
            step += 1
        return sorted(outs, key=lambda out: out.shape)


torch.manual_seed(0)
model = Levels().eval()
inputs = (torch.rand(2, 2, 12),)
