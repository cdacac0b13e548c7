"""A small BLIP with random weights: image captioning."""

import torch
from transformers import BlipConfig, BlipForConditionalGeneration

config = BlipConfig(
    text_config={
        "vocab_size": 100,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 16,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "sep_token_id": 2,
        "pad_token_id": 1,
    },
    vision_config={
        "image_size": 32,
        "patch_size": 8,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "projection_dim": 16,
    },
    projection_dim=16,
)
model = BlipForConditionalGeneration(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (2, 8)),
    "pixel_values": torch.randn(2, 3, 32, 32),
}
