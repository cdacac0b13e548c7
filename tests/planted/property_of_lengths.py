"""A property that looks like an attribute and reads a number out of a buffer."""

import torch
from torch import Tensor, nn


class Windows(nn.Module):
    """Pools tracks over a window that is kept in a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("sizes", torch.tensor([2, 4, 3]))

    @property
    def longest(self) -> int:
        """The longest window in frames."""
        return range(9)[self.sizes.max()]  # FAULT tensor_to_python in windows
        # FIX: return 4

    def forward(self, tracks: Tensor) -> Tensor:
        return nn.functional.avg_pool1d(tracks, self.longest, stride=1)


class Smoother(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.windows = Windows()
        self.mix = nn.Conv1d(6, 6, 1)

    def forward(self, tracks: Tensor) -> Tensor:
        return self.mix(self.windows(tracks))


torch.manual_seed(0)
model = Smoother().eval()
inputs = (torch.rand(1, 6, 12),)
