"""A small RWKV with random weights: recurrent text generation."""

import torch
from transformers import RwkvConfig, RwkvForCausalLM

config = RwkvConfig(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    attention_hidden_size=32,
    num_hidden_layers=2,
    intermediate_size=64,
    context_length=32,
)
model = RwkvForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
