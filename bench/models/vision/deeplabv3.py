"""torchvision's DeepLabV3, random weights, one image of 224 x 320: segmentation."""

import torch
from torchvision.models import segmentation

torch.manual_seed(0)
model = segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None).eval()
inputs = (torch.rand(1, 3, 224, 320),)
