"""One line leaves for NumPy; what NumPy code does with the array afterwards is no fault."""

import numpy as np
import torch
from torch import Tensor, nn


def suppress(boxes: np.ndarray) -> np.ndarray:
    """The numbers of the boxes to keep, by plain NumPy."""
    order = np.argsort(-boxes[:, 2])
    kept = [int(order[0])]
    for number in order[1:]:
        if np.abs(boxes[number, :2] - boxes[kept, :2]).max(axis=1).min() > 1e-3:
            kept.append(int(number))
    return np.asarray(kept)


class NMS(nn.Module):
    def forward(self, boxes: Tensor) -> Tensor:
        array = boxes.numpy()  # FAULT numpy_conversion in nms
        # FIX: array = np.eye(5, 3)
        kept = suppress(array)
        if len(kept) == 0:
            return boxes[:0]
        return boxes[torch.from_numpy(kept)]


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.nms = NMS()

    def forward(self, x: Tensor) -> Tensor:
        return self.nms(self.head(x).sigmoid())


torch.manual_seed(0)
model = Detector().eval()
inputs = (torch.rand(5, 6),)
