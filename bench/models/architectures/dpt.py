"""A small DPT with random weights: depth estimation."""

import torch
from transformers import DPTConfig, DPTForDepthEstimation

config = DPTConfig(
    image_size=32,
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=4,
    num_attention_heads=4,
    intermediate_size=64,
    backbone_out_indices=[0, 1, 2, 3],
    neck_hidden_sizes=[8, 16, 16, 16],
    fusion_hidden_size=16,
)
model = DPTForDepthEstimation(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
