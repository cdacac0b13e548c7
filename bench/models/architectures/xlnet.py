"""A small XLNet with random weights: text classification."""

import torch
from transformers import XLNetConfig, XLNetForSequenceClassification

config = XLNetConfig(vocab_size=100, d_model=32, n_head=4, d_inner=64, n_layer=2)
model = XLNetForSequenceClassification(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
