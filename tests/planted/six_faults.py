"""A two-stage detector with six faults, one after the other, from preprocessing to output."""

import numpy as np
import torch
from torch import Tensor, nn


@torch.library.custom_op("planted_six::iou", mutates_args=())
def iou(boxes: Tensor) -> Tensor:
    """Widths of (N, 4), as a stand-in."""
    return (boxes[:, None, 2] - boxes[None, :, 2]).abs()


class Preprocess(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        if image.max() > 1:  # FAULT data_dependent_branch in preprocess @1
            # FIX: if True:
            image = image / 255
        return image


class Anchors(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        grid = np.stack(np.meshgrid(np.arange(4), np.arange(4)), -1).reshape(-1, 2)
        centers = torch.from_numpy(grid).float()
        offsets = x.mean((0, 2, 3)).numpy()  # FAULT numpy_conversion in rpn.anchors @2
        # FIX: offsets = x.mean((0, 2, 3))
        return torch.cat([centers, centers + 1], -1) + torch.as_tensor(offsets)


class RPN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.anchors = Anchors()

    def forward(self, x: Tensor) -> Tensor:
        boxes = self.anchors(x)
        overlaps = iou(boxes)  # FAULT missing_fake_kernel in rpn @3
        # FIX: overlaps = (boxes[:, None, 2] - boxes[None, :, 2]).abs()
        return boxes[overlaps.sum(-1) > 20]


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.preprocess = Preprocess()
        self.backbone = nn.Conv2d(3, 4, 3, 2, 1)
        self.rpn = RPN()
        self.head = nn.Linear(4, 3)

    def limit(self, scores: Tensor) -> int:
        """How many boxes to look at."""
        return range(20)[(scores > -99).sum()]  # FAULT tensor_to_python in . @5
        # FIX: return 3

    def forward(self, image: Tensor) -> Tensor:
        x = self.backbone(self.preprocess(image))
        halves = self.rpn(x).chunk(2)  # FAULT data_dependent_shape in . @4
        # FIX: halves = (self.rpn(x)[:2],)
        scores = self.head(halves[0])
        scores = scores[: self.limit(scores[:, 0])]
        if scores.max() > 0.5:  # FAULT data_dependent_branch in . @6 behind
            # FIX: if True:
            scores = scores.sigmoid()
        return scores


torch.manual_seed(0)
model = Detector().eval()
inputs = (torch.rand(1, 3, 8, 8) * 255,)
