"""A small GPT-2 with random weights: text generation."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel

config = GPT2Config(vocab_size=100, n_embd=32, n_layer=2, n_head=4, n_positions=64)
model = GPT2LMHeadModel(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
