"""A box head with two unlike faults in one forward: a branch, and later a number."""

import torch
from torch import Tensor, nn


class BoxHead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.classes = nn.Linear(16, 5)
        self.deltas = nn.Linear(16, 4)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        scores = self.classes(crops).softmax(-1)
        if scores.isnan().any():  # FAULT data_dependent_branch in head
            # FIX: if False:
            scores = torch.nan_to_num(scores)
        deltas = self.deltas(crops).tanh()
        widest = deltas[:, 2].exp().max()
        steps = int(widest.ceil())  # FAULT tensor_to_python in head
        # FIX: steps = 2
        for _ in range(steps):
            deltas = deltas * 0.9
        return scores, deltas


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.neck = nn.Linear(32, 16)
        self.head = BoxHead()

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        return self.head(self.neck(crops).relu())


torch.manual_seed(0)
model = Detector().eval()
inputs = (torch.rand(4, 32),)
