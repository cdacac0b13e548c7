"""A small CLAP with random weights: audio and text."""

import torch
from transformers import ClapConfig, ClapModel

config = ClapConfig(
    text_config={
        "vocab_size": 100,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "projection_dim": 16,
    },
    audio_config={
        "spec_size": 64,
        "num_mel_bins": 16,
        "patch_size": 2,
        "patch_stride": [2, 2],
        "patch_embeds_hidden_size": 16,
        "hidden_size": 32,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "window_size": 4,
        "projection_dim": 16,
    },
    projection_dim=16,
)
model = ClapModel(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (2, 8)),
    "input_features": torch.randn(2, 1, 64, 16),
    "is_longer": torch.tensor([[False], [False]]),
}
