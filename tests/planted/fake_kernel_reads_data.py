"""A custom NMS whose fake kernel wants to know how many boxes stay."""

import torch
from torch import Tensor, nn


@torch.library.custom_op("planted_nms::keep", mutates_args=())
def keep(boxes: Tensor, scores: Tensor) -> Tensor:
    """The boxes (K, 4) of (N, 4) with a positive score."""
    return boxes[scores > 0].clone()


@keep.register_fake
def _(boxes: Tensor, scores: Tensor) -> Tensor:
    count = range(99)[(scores > 0).sum()]  # FAULT tensor_to_python
    # FIX: count = torch.library.get_ctx().new_dynamic_size()
    return boxes.new_empty(count, 4)


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.boxes = nn.Linear(8, 4)
        self.score = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        boxes = self.boxes(x)
        return keep(boxes, self.score(x).squeeze(-1)).sum(0)


torch.manual_seed(0)
model = Detector().eval()
inputs = (torch.rand(10, 8),)
