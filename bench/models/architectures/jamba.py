"""A small Jamba with random weights: hybrid text generation."""

import torch
from transformers import JambaConfig, JambaForCausalLM

config = JambaConfig(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_key_value_heads=2,
    max_position_embeddings=64,
    num_experts=2,
    num_experts_per_tok=1,
    attn_layer_period=2,
    attn_layer_offset=1,
    expert_layer_period=2,
    expert_layer_offset=1,
    use_mamba_kernels=False,
    mamba_d_state=8,
    pad_token_id=0,
)
model = JambaForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
