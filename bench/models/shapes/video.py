"""3D convolutions with adaptive pooling: time, height and width are free."""

import torch
from torch import nn


class Video(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv3d(3, 4, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool3d(1)
        self.last = nn.Linear(4, 2)

    def forward(self, clip):
        return self.last(self.pool(self.first(clip).relu()).flatten(1))


model = Video().eval()
inputs = (torch.randn(1, 3, 6, 10, 12),)
