"""A small Table Transformer with random weights: table detection."""

import torch
from transformers import ResNetConfig, TableTransformerConfig, TableTransformerForObjectDetection

backbone = ResNetConfig(
    embedding_size=8,
    hidden_sizes=[8, 16, 24, 32],
    depths=[1, 1, 1, 1],
    layer_type="basic",
    out_features=["stage4"],
)
config = TableTransformerConfig(
    backbone_config=backbone,
    d_model=32,
    encoder_layers=1,
    decoder_layers=2,
    encoder_attention_heads=2,
    decoder_attention_heads=2,
    encoder_ffn_dim=64,
    decoder_ffn_dim=64,
    num_queries=6,
)
model = TableTransformerForObjectDetection(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 64)}
