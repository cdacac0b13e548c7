"""A small VITS with random weights: speech synthesis."""

import torch
from transformers import VitsConfig, VitsModel

config = VitsConfig(
    vocab_size=50,
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    ffn_dim=64,
    flow_size=16,
    spectrogram_bins=9,
    upsample_initial_channel=32,
    upsample_rates=[4, 4],
    upsample_kernel_sizes=[8, 8],
    resblock_kernel_sizes=[3],
    resblock_dilation_sizes=[[1, 3]],
    prior_encoder_num_flows=1,
    posterior_encoder_num_wavenet_layers=1,
    prior_encoder_num_wavenet_layers=1,
)
model = VitsModel(config).eval()
inputs = {"input_ids": torch.randint(1, 49, (1, 8))}
