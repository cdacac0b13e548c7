"""A pose head whose decode asks whether the highest peak is high enough."""

import torch
from torch import Tensor, nn


class Decode(nn.Module):
    """Heatmaps (N, J, H, W) to keypoints (N, J, 2)."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, heatmaps: Tensor) -> Tensor:
        width = heatmaps.shape[-1]
        score, index = heatmaps.flatten(2).max(dim=-1)
        points = torch.stack([index % width, index // width], dim=-1).float()
        if score.max() < self.threshold:  # FAULT data_dependent_branch in decode
            # FIX: if False:
            return torch.zeros_like(points)
        return points * 4


class Pose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU())
        self.head = nn.Conv2d(8, 5, 1)
        self.decode = Decode(threshold=-10.0)

    def forward(self, images: Tensor) -> Tensor:
        return self.decode(self.head(self.backbone(images)))


torch.manual_seed(0)
model = Pose().eval()
inputs = (torch.rand(1, 3, 32, 32),)
