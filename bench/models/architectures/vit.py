"""A small ViT with random weights: image classification."""

import torch
from transformers import ViTConfig, ViTForImageClassification

config = ViTConfig(
    image_size=32,
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
)
model = ViTForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
