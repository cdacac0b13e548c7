"""A TorchScript function that branches on the data: its line is the user's innermost."""

import torch
from torch import Tensor, nn


@torch.jit.script
def stabilised(x: Tensor) -> Tensor:
    """Scales down what is too large, in compiled code."""
    if bool(x.abs().max() > 10.0):  # FAULT data_dependent_branch x? in attention
        # FIX: if False:
        return x / 10.0
    return x


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        logits = self.query(x) @ x.mT
        logits = stabilised(logits)
        return logits.softmax(-1) @ x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x).mean(1)


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(1, 6, 8),)
