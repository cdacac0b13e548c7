"""A small Mistral with random weights: text generation."""

import torch
from transformers import MistralConfig, MistralForCausalLM

config = MistralConfig(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_key_value_heads=2,
    max_position_embeddings=64,
    sliding_window=8,
)
model = MistralForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
