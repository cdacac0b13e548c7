"""A small Phi-3 with LongRoPE with random weights: text generation."""

import torch
from transformers import Phi3Config, Phi3ForCausalLM

config = Phi3Config(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    num_key_value_heads=2,
    max_position_embeddings=128,
    pad_token_id=0,
    original_max_position_embeddings=64,
    rope_parameters={
        "rope_type": "longrope",
        "rope_theta": 10000.0,
        "short_factor": [1.0] * 4,
        "long_factor": [2.0] * 4,
    },
)
model = Phi3ForCausalLM(config).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 16))}
