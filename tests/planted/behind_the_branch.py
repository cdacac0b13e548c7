"""The second fault stands in the branch that eager takes, the decoy in the one that it does not."""

import torch
from torch import Tensor, nn


class Decode(nn.Module):
    def forward(self, heatmap: Tensor) -> Tensor:
        score, index = heatmap.flatten().max(dim=0)
        if score > 0:  # FAULT data_dependent_branch in decode
            # FIX: if True:
            column = range(16)[index % 16]  # FAULT tensor_to_python in decode behind
            # FIX: column = 5
            return heatmap[:, column]
        if heatmap.std() > 1:
            return heatmap[:, int(heatmap.std())]
        return heatmap[:, 0]


class Pose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 1, 3, padding=1)
        self.decode = Decode()

    def forward(self, image: Tensor) -> Tensor:
        return self.decode(self.head(image)[0, 0])


torch.manual_seed(0)
model = Pose().eval()
inputs = (torch.rand(1, 3, 16, 16),)
