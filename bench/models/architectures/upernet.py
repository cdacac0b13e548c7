"""A small UperNet on Swin with random weights: semantic segmentation."""

import torch
from transformers import SwinConfig, UperNetConfig, UperNetForSemanticSegmentation

swin = SwinConfig(
    image_size=64,
    patch_size=4,
    embed_dim=16,
    depths=[1, 1, 1, 1],
    num_heads=[2, 2, 2, 2],
    window_size=4,
    out_features=["stage1", "stage2", "stage3", "stage4"],
)
config = UperNetConfig(
    backbone_config=swin,
    hidden_size=16,
    auxiliary_in_channels=64,
    auxiliary_channels=16,
    num_labels=7,
)
model = UperNetForSemanticSegmentation(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
