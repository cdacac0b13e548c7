"""Two texts one after the other, and weights for both together."""

import torch
from torch import nn


class Joined(nn.Module):
    def forward(self, first, second, weights):
        return torch.cat([first, second], dim=1) * weights


model = Joined().eval()
inputs = (torch.randn(2, 5), torch.randn(2, 4), torch.randn(2, 9))
