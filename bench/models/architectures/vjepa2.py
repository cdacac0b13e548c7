"""A small V-JEPA 2 with random weights: video classification."""

import torch
from transformers import VJEPA2Config, VJEPA2ForVideoClassification

config = VJEPA2Config(
    crop_size=32,
    patch_size=8,
    frames_per_clip=4,
    hidden_size=48,
    num_hidden_layers=2,
    num_attention_heads=2,
    mlp_ratio=2,
    pred_hidden_size=48,
    pred_num_hidden_layers=1,
    pred_num_attention_heads=2,
)
model = VJEPA2ForVideoClassification(config).eval()
inputs = {"pixel_values_videos": torch.randn(1, 4, 3, 32, 32)}
