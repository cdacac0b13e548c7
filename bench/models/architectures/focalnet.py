"""A small FocalNet with random weights: image classification."""

import torch
from transformers import FocalNetConfig, FocalNetForImageClassification

config = FocalNetConfig(
    image_size=32,
    patch_size=2,
    embed_dim=16,
    hidden_sizes=[16, 32],
    depths=[1, 2],
    focal_levels=[2, 2],
    focal_windows=[3, 3],
)
model = FocalNetForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
