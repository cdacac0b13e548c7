"""A small RecurrentGemma with random weights: recurrent text generation."""

import torch
from transformers import RecurrentGemmaConfig, RecurrentGemmaForCausalLM

config = RecurrentGemmaConfig(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=1,
    intermediate_size=64,
    lru_width=32,
    attention_window_size=16,
)
model = RecurrentGemmaForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
