"""torchvision's Mask R-CNN, random weights, one image, which it resizes to 800 x 1142."""

import torch
from torchvision.models import detection

torch.manual_seed(0)
model = detection.maskrcnn_resnet50_fpn(weights=None, weights_backbone=None).eval()
inputs = ([torch.rand(3, 224, 320)],)
