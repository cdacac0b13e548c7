"""A small LongT5 with transient global attention with random weights: encoder-decoder."""

import torch
from transformers import LongT5Config, LongT5ForConditionalGeneration

config = LongT5Config(
    use_cache=False,
    vocab_size=100,
    d_model=32,
    d_kv=8,
    d_ff=64,
    num_layers=2,
    num_heads=4,
    decoder_start_token_id=0,
    pad_token_id=0,
    encoder_attention_type="transient-global",
    local_radius=3,
    global_block_size=4,
)
model = LongT5ForConditionalGeneration(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "decoder_input_ids": torch.randint(3, 99, (1, 8)),
}
