"""A backbone in one Sequential; the gate in its middle clips by what it sees."""

import torch
from torch import Tensor, nn


class ClipOutliers(nn.Module):
    """Scales activations down where one of them is far out."""

    def forward(self, x: Tensor) -> Tensor:
        peak = x.abs().max()
        while peak > 1.0:  # FAULT data_dependent_branch x? in backbone.3
            # FIX: for _ in range(1):
            x = x / 2
            peak = peak / 2
        return x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            ClipOutliers(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.fc = nn.Linear(8, 10)

    def forward(self, image: Tensor) -> Tensor:
        return self.fc(self.backbone(image))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(2, 3, 16, 16) * 4,)
