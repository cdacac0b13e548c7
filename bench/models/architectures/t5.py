"""A small T5 with random weights: encoder-decoder."""

import torch
from transformers import T5Config, T5ForConditionalGeneration

config = T5Config(
    vocab_size=100,
    d_model=32,
    d_kv=8,
    d_ff=64,
    num_layers=2,
    num_heads=4,
    decoder_start_token_id=0,
    pad_token_id=0,
)
model = T5ForConditionalGeneration(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "decoder_input_ids": torch.randint(3, 99, (1, 8)),
}
