"""A small Reformer with random weights: language modelling."""

import torch
from transformers import ReformerConfig, ReformerModelWithLMHead

config = ReformerConfig(
    vocab_size=100,
    hidden_size=32,
    attention_head_size=16,
    num_attention_heads=2,
    feed_forward_size=64,
    attn_layers=["local", "lsh"],
    lsh_attn_chunk_length=4,
    local_attn_chunk_length=4,
    num_buckets=4,
    axial_pos_shape=[4, 4],
    axial_pos_embds_dim=[16, 16],
    is_decoder=True,
)
model = ReformerModelWithLMHead(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
