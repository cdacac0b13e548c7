"""A small ConvNeXt with random weights: image classification."""

import torch
from transformers import ConvNextConfig, ConvNextForImageClassification

config = ConvNextConfig(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 2, 1])
model = ConvNextForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
