"""A small Falcon Mamba with random weights: state-space text generation."""

import torch
from transformers import FalconMambaConfig, FalconMambaForCausalLM

config = FalconMambaConfig(vocab_size=100, hidden_size=32, num_hidden_layers=2, state_size=8)
model = FalconMambaForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
