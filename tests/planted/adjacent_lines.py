"""Cropping a person out of an image: two numbers for Python, one line after the other."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Crop(nn.Module):
    """Image (3, H, W) and box (4,) to a patch (3, 8, 8)."""

    def forward(self, image: Tensor, box: Tensor) -> Tensor:
        corners = {"scale": 1}
        corners["x0"] = range(64)[box[0].long()]  # FAULT tensor_to_python in crop
        # FIX: corners["x0"] = 2
        corners["y0"] = range(64)[box[1].long()]  # FAULT tensor_to_python in crop
        # FIX: corners["y0"] = 3
        patch = image[:, corners["y0"] : corners["y0"] + 8, corners["x0"] : corners["x0"] + 8]
        return F.interpolate(patch[None], size=(8, 8))[0]


class TopDownPose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.crop = Crop()
        self.net = nn.Sequential(nn.Flatten(0), nn.Linear(192, 34))

    def forward(self, image: Tensor, box: Tensor) -> Tensor:
        return self.net(self.crop(image, box)).view(17, 2)


torch.manual_seed(0)
model = TopDownPose().eval()
inputs = (torch.rand(3, 32, 32), torch.tensor([2.0, 3.0, 10.0, 11.0]))
