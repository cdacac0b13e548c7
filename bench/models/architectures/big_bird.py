"""A small BigBird with random block attention with random weights: masked language modelling."""

import torch
from transformers import BigBirdConfig, BigBirdForMaskedLM

config = BigBirdConfig(
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    attention_type="block_sparse",
    block_size=4,
    num_random_blocks=2,
    max_position_embeddings=128,
)
model = BigBirdForMaskedLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 64))}
