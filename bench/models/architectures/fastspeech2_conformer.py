"""A small FastSpeech2 Conformer with random weights: speech synthesis."""

import torch
from transformers import FastSpeech2ConformerConfig, FastSpeech2ConformerModel

config = FastSpeech2ConformerConfig(
    vocab_size=50,
    hidden_size=32,
    num_mel_bins=16,
    encoder_num_attention_heads=2,
    encoder_layers=1,
    encoder_linear_units=64,
    decoder_layers=1,
    decoder_num_attention_heads=2,
    decoder_linear_units=64,
    speech_decoder_postnet_layers=1,
    speech_decoder_postnet_units=16,
    duration_predictor_channels=16,
    energy_predictor_channels=16,
    pitch_predictor_channels=16,
    encoder_kernel_size=3,
    decoder_kernel_size=3,
)
model = FastSpeech2ConformerModel(config).eval()
inputs = {"input_ids": torch.randint(1, 49, (1, 8))}
