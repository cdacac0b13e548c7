"""A small Swin with random weights: image classification."""

import torch
from transformers import SwinConfig, SwinForImageClassification

config = SwinConfig(
    image_size=32, patch_size=2, embed_dim=16, depths=[1, 2], num_heads=[2, 4], window_size=4
)
model = SwinForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
