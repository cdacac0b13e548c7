"""A small Qwen2-MoE with random weights: mixture of experts."""

import torch
from transformers import Qwen2MoeConfig, Qwen2MoeForCausalLM

config = Qwen2MoeConfig(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_key_value_heads=2,
    max_position_embeddings=64,
    num_experts=4,
    num_experts_per_tok=2,
    moe_intermediate_size=32,
    shared_expert_intermediate_size=32,
)
model = Qwen2MoeForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
