"""A small FNet with random weights: masked language modelling."""

import torch
from transformers import FNetConfig, FNetForMaskedLM

config = FNetConfig(vocab_size=100, hidden_size=32, num_hidden_layers=2, intermediate_size=64)
model = FNetForMaskedLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
