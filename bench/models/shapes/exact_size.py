"""A special case for one size, which is the example's."""

import torch
from torch import nn


class Exact(nn.Module):
    def forward(self, clip):
        if clip.shape[1] == 8:
            clip = clip * 2
        return clip.mean(1)


model = Exact().eval()
inputs = (torch.randn(3, 8, 5),)
