"""A small Wav2Vec2 with an attention mask with random weights: speech recognition."""

import torch
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

config = Wav2Vec2Config(
    vocab_size=30,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    conv_dim=[16, 16, 16],
    conv_stride=[5, 2, 2],
    conv_kernel=[10, 3, 3],
    num_conv_pos_embeddings=8,
    num_conv_pos_embedding_groups=4,
)
model = Wav2Vec2ForCTC(config).eval()
inputs = {
    "input_values": torch.randn(1, 1600),
    "attention_mask": torch.ones(1, 1600, dtype=torch.long),
}
