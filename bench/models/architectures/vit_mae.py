"""A small ViT-MAE with random weights: masked image modelling."""

import torch
from transformers import ViTMAEConfig, ViTMAEForPreTraining

config = ViTMAEConfig(
    image_size=32,
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    decoder_hidden_size=32,
    decoder_num_hidden_layers=1,
    decoder_num_attention_heads=4,
    decoder_intermediate_size=64,
)
model = ViTMAEForPreTraining(config).eval()
inputs = {"pixel_values": torch.randn(1, 3, 32, 32)}
