"""A small EnCodec with random weights: audio codec."""

import torch
from transformers import EncodecConfig, EncodecModel

config = EncodecConfig(
    num_filters=4,
    hidden_size=16,
    codebook_size=32,
    codebook_dim=16,
    num_lstm_layers=1,
    upsampling_ratios=[4, 2],
    target_bandwidths=[15.0],
    sampling_rate=24000,
)
model = EncodecModel(config).eval()
inputs = {"input_values": torch.randn(1, 1, 800)}
