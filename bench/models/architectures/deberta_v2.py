"""A small DeBERTa v2 with random weights: text classification."""

import torch
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

config = DebertaV2Config(
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    relative_attention=True,
    pos_att_type=["p2c", "c2p"],
)
model = DebertaV2ForSequenceClassification(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "attention_mask": torch.ones(1, 16, dtype=torch.long),
}
