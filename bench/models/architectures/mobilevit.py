"""A small MobileViT with random weights: image classification."""

import torch
from transformers import MobileViTConfig, MobileViTForImageClassification

config = MobileViTConfig(
    image_size=64,
    hidden_sizes=[16, 24, 32],
    neck_hidden_sizes=[4, 8, 16, 24, 32, 40, 48],
    num_attention_heads=2,
)
model = MobileViTForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
