"""torchvision's SSDlite, random weights, one image of 224 x 320."""

import torch
from torchvision.models import detection

torch.manual_seed(0)
model = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None).eval()
inputs = ([torch.rand(3, 224, 320)],)
