"""Video: how many frames are worth looking at is counted two helpers below the module."""

import torch
from torch import Tensor, nn


def motion(clip: Tensor) -> Tensor:
    """Mean change from frame to frame, (T, C) to (T - 1,)."""
    return (clip[1:] - clip[:-1]).abs().mean(-1)


def moving_frames(clip: Tensor) -> int:
    """How many frames differ from the one before."""
    return int((motion(clip) > 0.01).sum())  # FAULT tensor_to_python in sampler
    # FIX: return 7


def sample(clip: Tensor) -> Tensor:
    """As many frames as move, from the front."""
    count = moving_frames(clip)
    return torch.stack([clip[index] for index in range(count)])


class Sampler(nn.Module):
    def forward(self, clip: Tensor) -> Tensor:
        return sample(clip)


class VideoNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(12, 16)
        self.sampler = Sampler()
        self.classify = nn.Linear(16, 3)

    def forward(self, clip: Tensor) -> Tensor:
        return self.classify(self.sampler(self.embed(clip)).mean(0))


torch.manual_seed(0)
model = VideoNet().eval()
inputs = (torch.rand(8, 12),)
