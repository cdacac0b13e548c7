"""torchvision's MViT v2 (small), random weights, one clip of 16 frames of 224 x 224."""

import torch
from torchvision.models import video

torch.manual_seed(0)
model = video.mvit_v2_s(weights=None).eval()
inputs = (torch.rand(1, 3, 16, 224, 224),)
