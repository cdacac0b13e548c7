"""A small GPT-2 that finds the last token by itself with random weights: text classification."""

import torch
from transformers import GPT2Config, GPT2ForSequenceClassification

config = GPT2Config(
    use_cache=False, vocab_size=100, n_embd=32, n_layer=2, n_head=4, n_positions=64, pad_token_id=0
)
model = GPT2ForSequenceClassification(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
