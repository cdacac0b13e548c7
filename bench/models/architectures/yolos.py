"""A small YOLOS with random weights: object detection."""

import torch
from transformers import YolosConfig, YolosForObjectDetection

config = YolosConfig(
    image_size=[32, 32],
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_detection_tokens=5,
)
model = YolosForObjectDetection(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
