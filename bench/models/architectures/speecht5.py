"""A small SpeechT5 with random weights: speech recognition."""

import torch
from transformers import SpeechT5Config, SpeechT5ForSpeechToText

config = SpeechT5Config(
    use_cache=False,
    vocab_size=100,
    hidden_size=32,
    encoder_layers=1,
    decoder_layers=1,
    encoder_attention_heads=4,
    decoder_attention_heads=4,
    encoder_ffn_dim=64,
    decoder_ffn_dim=64,
    conv_dim=[16, 16, 16],
    conv_stride=[5, 2, 2],
    conv_kernel=[10, 3, 3],
    num_conv_pos_embeddings=8,
    num_conv_pos_embedding_groups=4,
)
model = SpeechT5ForSpeechToText(config).eval()
inputs = {
    "input_values": torch.randn(1, 1600),
    "decoder_input_ids": torch.randint(4, 99, (1, 8)),
}
