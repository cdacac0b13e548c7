"""A small Longformer with random weights: masked language modelling."""

import torch
from transformers import LongformerConfig, LongformerForMaskedLM

config = LongformerConfig(
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    attention_window=4,
    max_position_embeddings=64,
)
model = LongformerForMaskedLM(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "attention_mask": torch.ones(1, 16, dtype=torch.long),
}
