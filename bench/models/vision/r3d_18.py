"""torchvision's R3D-18, random weights, one clip of 8 frames of 112 x 112."""

import torch
from torchvision.models import video

torch.manual_seed(0)
model = video.r3d_18(weights=None).eval()
inputs = (torch.rand(1, 3, 8, 112, 112),)
