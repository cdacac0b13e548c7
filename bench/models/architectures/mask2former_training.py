"""A small Mask2Former with its loss with random weights: segmentation training."""

import torch
from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

swin = SwinConfig(
    image_size=64,
    patch_size=4,
    embed_dim=16,
    depths=[1, 1, 1, 1],
    num_heads=[2, 2, 2, 2],
    window_size=4,
    out_features=["stage1", "stage2", "stage3", "stage4"],
)
config = Mask2FormerConfig(
    backbone_config=swin,
    feature_size=32,
    mask_feature_size=32,
    hidden_dim=32,
    encoder_feedforward_dim=64,
    encoder_layers=1,
    decoder_layers=2,
    num_attention_heads=2,
    dim_feedforward=64,
    num_queries=6,
)
model = Mask2FormerForUniversalSegmentation(config).eval()
inputs = {
    "pixel_values": torch.randn(1, 3, 64, 64),
    "mask_labels": [torch.randint(0, 2, (2, 64, 64)).float()],
    "class_labels": [torch.tensor([0, 1])],
}
