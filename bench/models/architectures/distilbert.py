"""A small DistilBERT with random weights: question answering."""

import torch
from transformers import DistilBertConfig, DistilBertForQuestionAnswering

config = DistilBertConfig(vocab_size=100, dim=32, n_layers=2, n_heads=4, hidden_dim=64)
model = DistilBertForQuestionAnswering(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "attention_mask": torch.ones(1, 16, dtype=torch.long),
}
