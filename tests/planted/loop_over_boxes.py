"""RoI pooling that asks every box for its pyramid level, box by box."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class RoIPool(nn.Module):
    """Two levels (C, H, W) and boxes (N, 4) to crops (N, C, 4, 4)."""

    def forward(self, fine: Tensor, coarse: Tensor, boxes: Tensor) -> Tensor:
        crops = []
        for box in boxes:
            area = (box[2:] - box[:2]).prod()
            if area > 100:  # FAULT data_dependent_branch x4 in pool
                # FIX: if boxes is None:
                crops.append(F.adaptive_avg_pool2d(coarse, 4))
            else:
                crops.append(F.adaptive_avg_pool2d(fine, 4))
        return torch.stack(crops)


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Conv2d(3, 4, 3, padding=1)
        self.coarse = nn.Conv2d(4, 4, 3, stride=2, padding=1)
        self.pool = RoIPool()
        self.head = nn.Linear(64, 2)

    def forward(self, image: Tensor, boxes: Tensor) -> Tensor:
        fine = self.fine(image)
        crops = self.pool(fine[0], self.coarse(fine)[0], boxes)
        return self.head(crops.flatten(1))


torch.manual_seed(0)
model = Detector().eval()
boxes = torch.tensor([[0.0, 0, 9, 4], [1, 1, 14, 15], [2, 2, 5, 5], [0, 0, 16, 16]])
inputs = (torch.rand(1, 3, 16, 16), boxes)
