"""A small SuperGlue with random weights: keypoint matching."""

import torch
from transformers import SuperGlueConfig, SuperGlueForKeypointMatching, SuperPointConfig

detector = SuperPointConfig(
    encoder_hidden_sizes=[8, 8, 16, 16],
    decoder_hidden_size=16,
    keypoint_decoder_dim=65,
    descriptor_decoder_dim=16,
)
config = SuperGlueConfig(
    keypoint_detector_config=detector,
    hidden_size=16,
    keypoint_encoder_sizes=[8, 16],
    gnn_layers_types=["self", "cross"],
    sinkhorn_iterations=3,
    num_attention_heads=2,
)
model = SuperGlueForKeypointMatching(config).eval()
inputs = {"pixel_values": torch.randn(1, 2, 3, 64, 64)}
