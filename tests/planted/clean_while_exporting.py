"""Clean: eager asks the data, an export is led around it."""

import torch
from torch import Tensor, nn


class Check(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if not torch.compiler.is_exporting():
            if x.isnan().any():
                raise FloatingPointError("NaN in the backbone")
            return x if x.max() > 0 else -x
        return torch.where(x.max() > 0, x, -x)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(6, 6)
        self.check = Check()

    def forward(self, x: Tensor) -> Tensor:
        return self.check(self.backbone(x))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(3, 6),)
