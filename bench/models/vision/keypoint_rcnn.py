"""torchvision's Keypoint R-CNN, random weights, one image of 224 x 320 at its own size."""

import torch
from torchvision.models import detection

torch.manual_seed(0)
model = detection.keypointrcnn_resnet50_fpn(
    weights=None, weights_backbone=None, min_size=224, max_size=320
).eval()
inputs = ([torch.rand(3, 224, 320)],)
