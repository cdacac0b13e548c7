"""A small RT-DETR v2 with random weights: object detection."""

import torch
from transformers import RTDetrResNetConfig, RTDetrV2Config, RTDetrV2ForObjectDetection

backbone = RTDetrResNetConfig(
    embedding_size=8,
    hidden_sizes=[8, 16, 24, 32],
    depths=[1, 1, 1, 1],
    layer_type="basic",
    out_features=["stage2", "stage3", "stage4"],
)
config = RTDetrV2Config(
    backbone_config=backbone,
    encoder_hidden_dim=32,
    encoder_in_channels=[16, 24, 32],
    d_model=32,
    decoder_in_channels=[32, 32, 32],
    encoder_ffn_dim=64,
    decoder_ffn_dim=64,
    encoder_attention_heads=2,
    decoder_attention_heads=2,
    decoder_layers=2,
    num_queries=6,
)
model = RTDetrV2ForObjectDetection(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
