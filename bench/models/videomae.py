"""A small VideoMAE with random weights, in a script that exports by itself."""

import torch
from transformers import VideoMAEConfig, VideoMAEForVideoClassification

config = VideoMAEConfig(
    image_size=32,
    patch_size=8,
    num_frames=4,
    hidden_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=96,
)
if __name__ == "__main__":
    model = VideoMAEForVideoClassification(config).eval()
    print(torch.export.export(model, (torch.randn(1, 4, 3, 32, 32),)))
