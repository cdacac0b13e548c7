"""A small MobileViT with a DeepLab head with random weights: semantic segmentation."""

import torch
from transformers import MobileViTConfig, MobileViTForSemanticSegmentation

config = MobileViTConfig(
    image_size=64,
    hidden_sizes=[16, 24, 32],
    neck_hidden_sizes=[4, 8, 16, 24, 32, 40, 48],
    num_attention_heads=2,
    aspp_out_channels=16,
)
model = MobileViTForSemanticSegmentation(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
