"""Key points are sorted and smoothed in NumPy, in a head and again in the model's own forward."""

import numpy as np
import torch
from torch import Tensor, nn


def smooth(track: Tensor, kernel: int = 3) -> Tensor:
    """A moving average over (T,)."""
    values = track.detach().cpu().numpy()  # FAULT numpy_conversion in head
    # FIX: return track * 0.5
    return torch.from_numpy(np.convolve(values, np.ones(kernel) / kernel, mode="same")).float()


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return smooth(self.fc(x).squeeze(-1))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = Head()

    def forward(self, x: Tensor) -> Tensor:
        track = self.head(x)
        order = np.argsort(track)  # FAULT numpy_conversion in .
        # FIX: order = track.argsort()
        return track[torch.as_tensor(order)]


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(9, 6),)
