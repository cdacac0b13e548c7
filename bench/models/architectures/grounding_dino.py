"""A small Grounding DINO with random weights: detection by text."""

import torch
from transformers import (
    BertConfig,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    SwinConfig,
)

swin = SwinConfig(
    image_size=64,
    patch_size=4,
    embed_dim=16,
    depths=[1, 1, 1, 1],
    num_heads=[2, 2, 2, 2],
    window_size=4,
    out_features=["stage2", "stage3", "stage4"],
)
text = BertConfig(
    vocab_size=2000,
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=64,
)
config = GroundingDinoConfig(
    backbone_config=swin,
    text_config=text,
    d_model=32,
    encoder_layers=1,
    decoder_layers=2,
    encoder_attention_heads=2,
    decoder_attention_heads=2,
    encoder_ffn_dim=64,
    decoder_ffn_dim=64,
    num_queries=6,
    num_feature_levels=3,
    max_text_len=16,
)
model = GroundingDinoForObjectDetection(config).eval()
inputs = {
    "pixel_values": torch.randn(1, 3, 64, 64),
    "input_ids": torch.tensor([[101, 500, 600, 1012, 102]]),
}
