"""For export alone, a model makes a table of all distances of a large grid, as Python bytes."""

import torch
from torch import Tensor, nn


class Distances(nn.Module):
    """Relative positions, computed where it runs and from a table where it is exported."""

    def __init__(self, side: int = 2**12) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        if torch.compiler.is_exporting():
            table = bytearray(self.side**4)  # FAULT out_of_memory in distances
            # FIX: table = bytearray(4)
            return x + table[0]
        return x + 0


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.distances = Distances()

    def forward(self, x: Tensor) -> Tensor:
        return self.distances(self.fc(x))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 4),)
