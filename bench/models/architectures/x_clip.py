"""A small X-CLIP with random weights: video and text."""

import torch
from transformers import XCLIPConfig, XCLIPModel

config = XCLIPConfig(
    text_config={
        "vocab_size": 100,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 16,
        "projection_dim": 16,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 1,
    },
    vision_config={
        "image_size": 32,
        "num_frames": 4,
        "mit_hidden_size": 16,
        "mit_num_attention_heads": 2,
        "mit_intermediate_size": 32,
        "patch_size": 8,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "projection_dim": 16,
    },
    projection_dim=16,
    prompt_layers=1,
    prompt_num_attention_heads=2,
)
model = XCLIPModel(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (2, 8)),
    "pixel_values": torch.randn(1, 4, 3, 32, 32),
}
