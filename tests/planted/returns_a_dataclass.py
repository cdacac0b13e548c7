"""A detector whose result is a dataclass that no pytree knows; the heads export."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass
class Detections:
    boxes: Tensor
    scores: Tensor


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.boxes = nn.Linear(8, 4)
        self.scores = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.boxes(x), self.scores(x).softmax(-1)


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.heads = Heads()

    def forward(self, x: Tensor) -> Detections:
        boxes, scores = self.heads(x)
        result = boxes.sigmoid()
        return Detections(result, scores)  # FAULT unsupported_output in .
        # FIX: return result, scores


torch.manual_seed(0)
model = Detector().eval()
inputs = (torch.rand(5, 8),)
