"""Three modules with a fault each, and each of another kind: numpy, a branch, a custom operator."""

import numpy as np
import torch
from torch import Tensor, nn


@torch.library.custom_op("planted_three::soft_argmax", mutates_args=())
def soft_argmax(heatmaps: Tensor) -> Tensor:
    """Heatmaps (J, W) to positions (J,)."""
    return heatmaps.softmax(-1) @ torch.arange(heatmaps.shape[-1], dtype=heatmaps.dtype)


class Augment(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        gamma = np.power(image.numpy(), 0.8)  # FAULT numpy_conversion in augment
        # FIX: gamma = image**0.8
        return torch.as_tensor(gamma)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(16, 16)

    def forward(self, image: Tensor) -> Tensor:
        x = self.fc(image)
        return x if x.var() > 0.5 else x / x.std()  # FAULT data_dependent_branch in encoder
        # FIX: return x / x.std()


class Decoder(nn.Module):
    def forward(self, heatmaps: Tensor) -> Tensor:
        return soft_argmax(heatmaps) * 4  # FAULT missing_fake_kernel in decoder
        # FIX: return heatmaps.sum(-1) * 4


class Pose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.augment = Augment()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def forward(self, image: Tensor) -> Tensor:
        return self.decoder(self.encoder(self.augment(image)))


torch.manual_seed(0)
model = Pose().eval()
inputs = (torch.rand(5, 16),)
