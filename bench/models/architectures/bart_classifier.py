"""A small BART with a classifier with random weights: text classification."""

import torch
from transformers import BartConfig, BartForSequenceClassification

config = BartConfig(
    use_cache=False,
    vocab_size=100,
    d_model=32,
    encoder_layers=2,
    decoder_layers=2,
    encoder_attention_heads=4,
    decoder_attention_heads=4,
    encoder_ffn_dim=64,
    decoder_ffn_dim=64,
    max_position_embeddings=64,
    pad_token_id=1,
    bos_token_id=0,
    eos_token_id=2,
    decoder_start_token_id=2,
)
model = BartForSequenceClassification(config).eval()
inputs = {"input_ids": torch.tensor([[0, 5, 6, 7, 8, 9, 10, 2]])}
