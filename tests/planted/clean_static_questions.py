"""Clean: branches on types, shapes, modes and configuration, all of which export may ask."""

import torch
from torch import Tensor, nn


class Ask(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale: float | Tensor = 0.5
        self.dropout = nn.Dropout(0.5)
        self.norm: nn.Module | None = None

    def forward(self, x: Tensor | list[Tensor], mask: Tensor | None = None) -> Tensor:
        if isinstance(x, list):
            x = torch.stack(x)
        if x.ndim == 3 and x.shape[0] * x.shape[1] > 4:
            x = x.flatten(0, 1)
        if not isinstance(self.scale, Tensor) and x.dtype.is_floating_point:
            x = x * self.scale
        if self.training or mask is not None or self.norm is not None:
            raise NotImplementedError
        return self.dropout(x) if len(x) % 2 == 0 else x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.ask = Ask()

    def forward(self, x: Tensor) -> Tensor:
        return self.ask([self.fc(x), self.fc(x + 1)])


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(3, 4),)
