"""A small XLM with random weights: question answering."""

import torch
from transformers import XLMConfig, XLMForQuestionAnsweringSimple

config = XLMConfig(vocab_size=100, emb_dim=32, n_layers=2, n_heads=4)
model = XLMForQuestionAnsweringSimple(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
