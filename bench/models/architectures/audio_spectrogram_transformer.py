"""A small Audio Spectrogram Transformer with random weights: audio classification."""

import torch
from transformers import ASTConfig, ASTForAudioClassification

config = ASTConfig(
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    patch_size=8,
    frequency_stride=8,
    time_stride=8,
    max_length=64,
    num_mel_bins=32,
)
model = ASTForAudioClassification(config).eval()
inputs = {"input_values": torch.randn(1, 64, 32)}
