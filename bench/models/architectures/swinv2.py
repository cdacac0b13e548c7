"""A small Swin v2 with random weights: image classification."""

import torch
from transformers import Swinv2Config, Swinv2ForImageClassification

config = Swinv2Config(
    image_size=32, patch_size=2, embed_dim=16, depths=[1, 2], num_heads=[2, 4], window_size=4
)
model = Swinv2ForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
