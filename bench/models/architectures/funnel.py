"""A small Funnel Transformer with random weights: text classification."""

import torch
from transformers import FunnelConfig, FunnelForSequenceClassification

config = FunnelConfig(
    vocab_size=100, d_model=32, n_head=4, d_head=8, d_inner=64, block_sizes=[1, 1]
)
model = FunnelForSequenceClassification(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
