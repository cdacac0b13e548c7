"""A strided convolution and its transpose, cut to the length that came in."""

import torch
from torch import nn


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv1d(2, 4, 4, stride=2)
        self.up = nn.ConvTranspose1d(4, 2, 4, stride=2)

    def forward(self, wave):
        return wave[:, :, : 2 * ((wave.shape[2] - 4) // 2) + 4] + self.up(self.down(wave))


model = Signal().eval()
inputs = (torch.randn(2, 2, 20),)
