"""Semantic segmentation; a method of the model itself takes a threshold out of the data."""

import torch
from torch import Tensor, nn


class Segmenter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.classifier = nn.Conv2d(8, 4, 1)

    def postprocess(self, logits: Tensor) -> Tensor:
        """Keep the pixels above the mean, (N, 4, H, W) to (N, 4, H, W)."""
        threshold = float(logits.mean())  # FAULT tensor_to_python in .
        # FIX: threshold = 0.1
        return (logits > threshold).float()

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        logits = self.classifier(self.encoder(image))
        return {"logits": logits, "mask": self.postprocess(logits)}


def get_model() -> nn.Module:
    torch.manual_seed(1)
    return Segmenter().eval()


def get_inputs() -> tuple[Tensor]:
    return (torch.rand(1, 3, 16, 16),)
