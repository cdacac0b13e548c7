"""A small LayoutLM with random weights: document token classification."""

import torch
from transformers import LayoutLMConfig, LayoutLMForTokenClassification

config = LayoutLMConfig(
    vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
)
model = LayoutLMForTokenClassification(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 8)),
    "bbox": torch.tensor([[10, 20, 110, 60]]).repeat(1, 8, 1),
}
