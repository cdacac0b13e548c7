"""A small ViViT with random weights: video classification."""

import torch
from transformers import VivitConfig, VivitForVideoClassification

config = VivitConfig(
    image_size=32,
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_frames=4,
    tubelet_size=[2, 8, 8],
)
model = VivitForVideoClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 4, 3, 32, 32)}
