"""A recurrence that Python unrolls: time is fixed by its loop."""

import torch
from torch import nn


class Unrolled(nn.Module):
    def __init__(self):
        super().__init__()
        self.step = nn.Linear(6, 6)

    def forward(self, clip):
        state = torch.zeros_like(clip[:, 0])
        for frame in range(clip.shape[1]):
            state = torch.tanh(self.step(clip[:, frame]) + state)
        return state


model = Unrolled().eval()
inputs = (torch.randn(2, 5, 6),)
