"""A size that is looked up in a dict, which no dynamic one can be: the export fails with it."""

import torch
from torch import nn


class Hashed(nn.Module):
    def forward(self, x, y):
        return x * {6: 1.0}.get(x.shape[0], 0.5), y.sum(1)


model = Hashed().eval()
inputs = (torch.randn(6, 4), torch.randn(5, 3))
