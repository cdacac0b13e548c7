"""Anchors by a classmethod, boxes by a staticmethod; each has a fault of its own."""

import torch
from torch import Tensor, nn


class Boxes(nn.Module):
    LEVELS = 4

    @classmethod
    def level_of(cls, scale: Tensor) -> int:
        """The pyramid level of a mean scale."""
        return range(cls.LEVELS)[scale.log2().long()]  # FAULT tensor_to_python in boxes
        # FIX: return 2

    @staticmethod
    def clipped(boxes: Tensor, size: float) -> Tensor:
        """Boxes (N, 4) within the image."""
        if (boxes < 0).any() or (boxes > size).any():  # FAULT data_dependent_branch x? in boxes
            # FIX: if False:
            boxes = boxes.clamp(0, size)
        return boxes

    def forward(self, boxes: Tensor) -> Tensor:
        level = self.level_of(boxes[:, 2:].mean())
        return self.clipped(boxes * 2**level, size=64.0)


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.boxes = Boxes()

    def forward(self, boxes: Tensor) -> Tensor:
        return self.fc(self.boxes(boxes))


torch.manual_seed(0)
model = Detector().eval()
inputs = (torch.rand(3, 4) + 5,)
