"""A small HuBERT with random weights: audio classification."""

import torch
from transformers import HubertConfig, HubertForSequenceClassification

config = HubertConfig(
    vocab_size=30,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    conv_dim=[16, 16, 16],
    conv_stride=[5, 2, 2],
    conv_kernel=[10, 3, 3],
    num_conv_pos_embeddings=8,
    num_conv_pos_embedding_groups=4,
)
model = HubertForSequenceClassification(config).eval()
inputs = {
    "input_values": torch.randn(1, 1600),
    "attention_mask": torch.ones(1, 1600, dtype=torch.long),
}
