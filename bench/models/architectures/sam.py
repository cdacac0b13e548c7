"""A small SAM with random weights: promptable segmentation."""

import torch
from transformers import SamConfig, SamModel

config = SamConfig(
    vision_config={
        "image_size": 64,
        "patch_size": 8,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "mlp_dim": 64,
        "output_channels": 32,
        "global_attn_indexes": [1],
        "window_size": 4,
        "num_pos_feats": 16,
    },
    prompt_encoder_config={
        "image_size": 64,
        "patch_size": 8,
        "hidden_size": 32,
        "image_embedding_size": 8,
    },
    mask_decoder_config={"hidden_size": 32, "mlp_dim": 64, "iou_head_hidden_dim": 32},
)
model = SamModel(config).eval()
inputs = {
    "pixel_values": torch.randn(1, 3, 64, 64),
    "input_points": torch.tensor([[[[20.0, 30.0]]]]),
}
