"""It exports, though its fake kernel gives the wrong size: only running the program shows it.

REPLAY: what the exported program gives is not what its graph says.
"""

import torch
from torch import Tensor, nn


@torch.library.custom_op("planted_replay::stride", mutates_args=())
def stride(x: Tensor) -> Tensor:
    """Every other frame, (T, C) to (T / 2, C)."""
    return x[::2].clone()


@stride.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


class Sampler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, clip: Tensor) -> Tensor:
        sampled = stride(self.fc(clip))
        return sampled * sampled.shape[0]


torch.manual_seed(0)
model = Sampler().eval()
inputs = (torch.rand(8, 4),)
