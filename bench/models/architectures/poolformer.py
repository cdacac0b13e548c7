"""A small PoolFormer with random weights: image classification."""

import torch
from transformers import PoolFormerConfig, PoolFormerForImageClassification

config = PoolFormerConfig(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1])
model = PoolFormerForImageClassification(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
