"""A small Mamba 2 with random weights: state-space text generation."""

import torch
from transformers import Mamba2Config, Mamba2ForCausalLM

config = Mamba2Config(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    state_size=8,
    num_heads=8,
    head_dim=8,
    n_groups=2,
    chunk_size=8,
)
model = Mamba2ForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
