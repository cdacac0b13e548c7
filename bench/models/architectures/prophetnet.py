"""A small ProphetNet with random weights: encoder-decoder."""

import torch
from transformers import ProphetNetConfig, ProphetNetForConditionalGeneration

config = ProphetNetConfig(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    num_encoder_layers=2,
    num_decoder_layers=2,
    num_encoder_attention_heads=4,
    num_decoder_attention_heads=4,
    encoder_ffn_dim=64,
    decoder_ffn_dim=64,
    max_position_embeddings=64,
    ngram=2,
    pad_token_id=0,
)
model = ProphetNetForConditionalGeneration(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "decoder_input_ids": torch.randint(3, 99, (1, 8)),
}
