"""A GRU over time."""

import torch
from torch import nn


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(6, 4, batch_first=True)

    def forward(self, clip):
        states, _ = self.gru(clip)
        return states.mean(1)


model = Recurrent().eval()
inputs = (torch.randn(2, 5, 6),)
