"""A small LeViT with random weights: image classification."""

import torch
from transformers import LevitConfig, LevitForImageClassification

config = LevitConfig(
    image_size=64,
    hidden_sizes=[16, 32, 48],
    num_attention_heads=[1, 2, 3],
    depths=[1, 1, 1],
    key_dim=[8, 8, 8],
)
model = LevitForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
