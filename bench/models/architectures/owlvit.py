"""A small OWL-ViT with random weights: detection by text."""

import torch
from transformers import OwlViTConfig, OwlViTForObjectDetection

config = OwlViTConfig(
    text_config={
        "vocab_size": 100,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 16,
        "projection_dim": 32,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 1,
    },
    vision_config={
        "image_size": 32,
        "patch_size": 8,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "projection_dim": 32,
    },
    projection_dim=32,
)
model = OwlViTForObjectDetection(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (2, 8)),
    "pixel_values": torch.randn(1, 3, 32, 32),
}
