"""A small DINOv2 with random weights: image classification."""

import torch
from transformers import Dinov2Config, Dinov2ForImageClassification

config = Dinov2Config(
    image_size=32,
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    mlp_ratio=2,
)
model = Dinov2ForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
