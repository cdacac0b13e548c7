"""A small OneFormer with random weights: universal segmentation."""

import torch
from transformers import OneFormerConfig, OneFormerForUniversalSegmentation, SwinConfig

swin = SwinConfig(
    image_size=64,
    patch_size=4,
    embed_dim=16,
    depths=[1, 1, 1, 1],
    num_heads=[2, 2, 2, 2],
    window_size=4,
    out_features=["stage1", "stage2", "stage3", "stage4"],
)
config = OneFormerConfig(
    backbone_config=swin,
    conv_dim=32,
    mask_dim=32,
    hidden_dim=32,
    encoder_feedforward_dim=64,
    encoder_layers=1,
    decoder_layers=2,
    num_attention_heads=2,
    dim_feedforward=64,
    num_queries=6,
    text_encoder_width=32,
    text_encoder_num_layers=1,
    query_dec_layers=1,
)
model = OneFormerForUniversalSegmentation(config).eval()
inputs = {
    "pixel_values": torch.randn(1, 3, 64, 64),
    "task_inputs": torch.randint(0, 99, (1, 77)),
}
