"""A small ViTPose with experts with random weights: pose estimation."""

import torch
from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation

backbone = VitPoseBackboneConfig(
    hidden_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    image_size=[64, 48],
    patch_size=[16, 16],
    out_indices=[2],
    num_experts=3,
    part_features=16,
)
model = VitPoseForPoseEstimation(VitPoseConfig(backbone_config=backbone)).eval()
inputs = {"pixel_values": torch.randn(1, 3, 64, 48), "dataset_index": torch.tensor([1])}
