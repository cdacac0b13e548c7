"""Clean: a dataclass in and out, which the pytree was told of, and lists and dicts within."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass
class Sample:
    image: Tensor
    levels: list[Tensor]


torch.export.register_dataclass(Sample)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, sample: Sample) -> dict[str, Sample | list[Tensor] | None]:
        image = self.conv(sample.image)
        out = Sample(image, [level + image for level in sample.levels])
        return {"sample": out, "means": [level.mean() for level in out.levels], "loss": None}


torch.manual_seed(0)
image = torch.rand(1, 3, 8, 8)
model = Net().eval()
inputs = (Sample(image, [image, image * 2]),)
