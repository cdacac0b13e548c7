"""A small Llama with random weights: text generation."""

import torch
from transformers import LlamaConfig, LlamaForCausalLM

config = LlamaConfig(
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_key_value_heads=2,
    max_position_embeddings=64,
)
model = LlamaForCausalLM(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "attention_mask": torch.ones(1, 16, dtype=torch.long),
}
