"""torchvision's Video Swin (tiny), random weights, one clip of 8 frames of 112 x 112."""

import torch
from torchvision.models import video

torch.manual_seed(0)
model = video.swin3d_t(weights=None).eval()
inputs = (torch.rand(1, 3, 8, 112, 112),)
