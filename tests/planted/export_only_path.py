"""The fault stands in code that only an export runs: eager never asked this question."""

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        weights = query @ key.transpose(-1, -2)
        if not torch.compiler.is_exporting():
            return nn.functional.scaled_dot_product_attention(query, key, value)
        weights = weights / query.shape[-1] ** 0.5
        if weights.abs().max() > 1e4:  # FAULT data_dependent_branch in attention
            # FIX: if False:
            weights = weights.clamp(-1e4, 1e4)  # where fp16 would overflow
        return weights.softmax(-1) @ value


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.attention = Attention(8)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.attention(self.embed(tokens))


torch.manual_seed(0)
model = Encoder().eval()
inputs = (torch.arange(6)[None],)
