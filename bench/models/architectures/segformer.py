"""A small SegFormer with random weights: semantic segmentation."""

import torch
from transformers import SegformerConfig, SegformerForSemanticSegmentation

config = SegformerConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 24, 32], decoder_hidden_size=16)
model = SegformerForSemanticSegmentation(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
