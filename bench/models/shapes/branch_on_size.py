"""A way for long texts and one for short ones: the example takes the long one."""

import torch
from torch import nn


class Branch(nn.Module):
    def forward(self, x):
        return x.cumsum(1) if x.shape[1] > 6 else x * 3


model = Branch().eval()
inputs = (torch.randn(3, 9),)
