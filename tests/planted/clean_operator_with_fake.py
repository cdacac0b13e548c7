"""Clean: custom operators with a fake kernel, one of which gives a size that the data decides."""

import torch
from torch import Tensor, nn


@torch.library.custom_op("planted_clean::nms", mutates_args=())
def nms(boxes: Tensor) -> Tensor:
    """The indices (K,) of the boxes (N, 4) that are wider than 0."""
    return torch.nonzero(boxes[:, 2] > 0).squeeze(1)


@nms.register_fake
def _(boxes: Tensor) -> Tensor:
    return boxes.new_empty(torch.library.get_ctx().new_dynamic_size(), dtype=torch.long)


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        boxes = self.fc(x)
        kept = boxes[nms(boxes)]
        return kept, kept.sum(0)


torch.manual_seed(0)
model = Detector().eval()
inputs = (torch.rand(7, 6),)
