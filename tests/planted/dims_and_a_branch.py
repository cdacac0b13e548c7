"""A branch stops the trace before torch can say that a dimension was fixed as well."""

import torch
from torch import Tensor, nn
from torch.export import Dim


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(9, 9)

    def forward(self, tracks: Tensor) -> Tensor:
        mixed = tracks.transpose(1, 2)
        return self.mix(mixed)  # FAULT dynamic_shape_violation in encoder
        # FIX: return mixed


class Decode(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > 100:  # FAULT data_dependent_branch in decode
            # FIX: if False:
            return x / 100
        return x


class PoseTracks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decode = Decode()

    def forward(self, tracks: Tensor) -> Tensor:
        return self.decode(self.encoder(tracks)).sum(-1)


torch.manual_seed(0)
model = PoseTracks().eval()
inputs = (torch.rand(2, 9, 34),)
dynamic_shapes = {"tracks": {1: Dim("frames", max=50)}}
