"""A clip of any length is asked for; the recurrence walks over its frames and fixes them."""

import torch
from torch import Tensor, nn
from torch.export import Dim


class Recurrence(nn.Module):
    """Exponential moving average over time, (N, T, C) to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.decay = nn.Parameter(torch.tensor(0.5))

    def forward(self, clip: Tensor) -> Tensor:
        state, states = clip[:, 0], []
        for step in range(clip.shape[1]):  # FAULT dynamic_shape_violation in recurrence
            # FIX: for step in range(2):
            state = self.decay * state + (1 - self.decay) * clip[:, step]
            states.append(state)
        return torch.stack(states, dim=1)


class Video(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.recurrence = Recurrence()

    def forward(self, clip: Tensor) -> Tensor:
        return self.recurrence(self.embed(clip)).mean(1)


torch.manual_seed(0)
model = Video().eval()
inputs = (torch.rand(1, 8, 6),)
dynamic_shapes = {"clip": {1: Dim("frames", min=2, max=64)}}
