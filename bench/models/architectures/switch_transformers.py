"""A small Switch Transformer with random weights: mixture of experts, encoder-decoder."""

import torch
from transformers import SwitchTransformersConfig, SwitchTransformersForConditionalGeneration

config = SwitchTransformersConfig(
    use_cache=False,
    vocab_size=100,
    d_model=32,
    d_kv=8,
    d_ff=64,
    num_layers=2,
    num_heads=4,
    decoder_start_token_id=0,
    pad_token_id=0,
    num_experts=4,
    num_sparse_encoder_layers=1,
    num_sparse_decoder_layers=1,
    expert_capacity=8,
)
model = SwitchTransformersForConditionalGeneration(config).eval()
inputs = {
    "input_ids": torch.randint(3, 99, (1, 16)),
    "decoder_input_ids": torch.randint(3, 99, (1, 8)),
}
