"""A small PVT v2 with random weights: image classification."""

import torch
from transformers import PvtV2Config, PvtV2ForImageClassification

config = PvtV2Config(
    image_size=64,
    hidden_sizes=[8, 16, 24, 32],
    depths=[1, 1, 1, 1],
    num_attention_heads=[1, 2, 2, 4],
)
model = PvtV2ForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
