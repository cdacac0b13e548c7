"""A small xLSTM with random weights: recurrent text generation."""

import torch
from transformers import xLSTMConfig, xLSTMForCausalLM

config = xLSTMConfig(vocab_size=100, hidden_size=32, num_hidden_layers=2, num_heads=4, chunk_size=8)
model = xLSTMForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
