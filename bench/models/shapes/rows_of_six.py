"""What two dimensions hold together has to be a multiple of 6."""

import torch
from torch import nn


class Rows(nn.Module):
    def forward(self, x):
        return x.reshape(-1, 6).sum(1)


model = Rows().eval()
inputs = (torch.randn(4, 9),)
