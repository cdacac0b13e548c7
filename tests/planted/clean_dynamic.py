"""Clean: batch and time stay dynamic through reshapes, attention and pooling."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.export import Dim


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x: Tensor) -> Tensor:
        batch, frames, _ = x.shape
        query, key, value = self.qkv(x).reshape(batch, frames, 3, 2, 4).permute(2, 0, 3, 1, 4)
        out = F.scaled_dot_product_attention(query, key, value)
        return out.transpose(1, 2).reshape(batch, frames, 8)


class Video(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.attention = Attention()

    def forward(self, clip: Tensor) -> Tensor:
        x = self.embed(clip)
        position = torch.arange(x.shape[1])[:, None] / 10
        return self.attention(x + position).mean(1)


torch.manual_seed(0)
model = Video().eval()
inputs = (torch.rand(3, 7, 6),)
dynamic_shapes = {"clip": {0: Dim("batch", min=2, max=16), 1: Dim("frames", min=2, max=32)}}
