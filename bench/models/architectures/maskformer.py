"""A small MaskFormer with random weights: instance segmentation."""

import torch
from transformers import (
    DetrConfig,
    MaskFormerConfig,
    MaskFormerForInstanceSegmentation,
    SwinConfig,
)

swin = SwinConfig(
    image_size=64,
    patch_size=4,
    embed_dim=16,
    depths=[1, 1, 1, 1],
    num_heads=[2, 2, 2, 2],
    window_size=4,
    out_features=["stage1", "stage2", "stage3", "stage4"],
)
detr = DetrConfig(
    d_model=32,
    encoder_layers=1,
    decoder_layers=2,
    encoder_attention_heads=2,
    decoder_attention_heads=2,
    encoder_ffn_dim=64,
    decoder_ffn_dim=64,
    num_queries=6,
)
config = MaskFormerConfig(
    backbone_config=swin, decoder_config=detr, fpn_feature_size=32, mask_feature_size=32
)
model = MaskFormerForInstanceSegmentation(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
