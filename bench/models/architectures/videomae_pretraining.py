"""A small VideoMAE in pretraining with random weights: masked video modelling."""

import torch
from transformers import VideoMAEConfig, VideoMAEForPreTraining

config = VideoMAEConfig(
    image_size=32,
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_frames=4,
    decoder_hidden_size=32,
    decoder_num_hidden_layers=1,
    decoder_num_attention_heads=4,
    decoder_intermediate_size=64,
)
model = VideoMAEForPreTraining(config).eval()
inputs = {
    "pixel_values": torch.randn(1, 4, 3, 32, 32),
    "bool_masked_pos": (torch.arange(32) % 4 > 0)[None],
}
