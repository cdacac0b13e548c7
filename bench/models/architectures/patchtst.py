"""A small PatchTST with random weights: time series forecasting."""

import torch
from transformers import PatchTSTConfig, PatchTSTForPrediction

config = PatchTSTConfig(
    num_input_channels=2,
    context_length=32,
    patch_length=8,
    patch_stride=8,
    d_model=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    ffn_dim=32,
    prediction_length=8,
)
model = PatchTSTForPrediction(config).eval()
inputs = {"past_values": torch.randn(1, 32, 2)}
