"""A small VideoMAE with random weights: video classification."""

import torch
from transformers import VideoMAEConfig, VideoMAEForVideoClassification

config = VideoMAEConfig(
    image_size=32,
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_frames=4,
)
model = VideoMAEForVideoClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 4, 3, 32, 32)}
