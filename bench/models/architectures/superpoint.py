"""A small SuperPoint with random weights: keypoint detection."""

import torch
from transformers import SuperPointConfig, SuperPointForKeypointDetection

config = SuperPointConfig(
    encoder_hidden_sizes=[8, 8, 16, 16],
    decoder_hidden_size=16,
    keypoint_decoder_dim=65,
    descriptor_decoder_dim=16,
)
model = SuperPointForKeypointDetection(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
