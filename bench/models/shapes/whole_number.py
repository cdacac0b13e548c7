"""A size that is made a Python number, and so is fixed."""

import torch
from torch import nn


class Whole(nn.Module):
    def forward(self, x):
        rows = int(x.shape[0])
        return x.sum(0) / len(range(rows))


model = Whole().eval()
inputs = (torch.randn(6, 4),)
