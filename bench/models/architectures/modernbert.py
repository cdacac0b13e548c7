"""A small ModernBERT with random weights: masked language modelling."""

import torch
from transformers import ModernBertConfig, ModernBertForMaskedLM

config = ModernBertConfig(
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
    cls_token_id=1,
    sep_token_id=2,
    local_attention=8,
)
model = ModernBertForMaskedLM(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "attention_mask": torch.ones(1, 16, dtype=torch.long),
}
