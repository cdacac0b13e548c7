"""torch.tensor() around tensors reads each of them as a number."""

import torch
from torch import Tensor, nn


class Bounds(nn.Module):
    """A mask's bounding box, (H, W) to (4,)."""

    def forward(self, mask: Tensor) -> Tensor:
        rows, columns = mask.amax(1).cumsum(0), mask.amax(0).cumsum(0)
        corners = [rows.argmin(), columns.argmin(), rows.argmax(), columns.argmax()]
        return torch.tensor(corners)  # FAULT tensor_to_python in bounds
        # FIX: return torch.stack(corners)


class Segment(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3, padding=1)
        self.bounds = Bounds()

    def forward(self, image: Tensor) -> Tensor:
        return self.bounds((self.conv(image)[0, 0] > 0).float())


torch.manual_seed(0)
model = Segment().eval()
inputs = (torch.rand(1, 3, 8, 8),)
