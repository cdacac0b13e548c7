"""Inputs in a list and a dict, each picture of a size of its own."""

import torch
from torch import nn


class Containers(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, images, more):
        means = [self.first(image[None]).mean((2, 3)) for image in images]
        return torch.cat(means).sum(1), more["scale"] * 2


model = Containers().eval()
inputs = ([torch.randn(3, 16, 17), torch.randn(3, 18, 16)], {"scale": torch.randn(4)})
