"""Clean: a registered buffer is updated in place, and a cache of keys lies in one."""

import torch
from torch import Tensor, nn


class Cached(nn.Module):
    """Attention over the last eight words."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, 2 * width)
        self.register_buffer("keys", torch.zeros(8, width))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def forward(self, word: Tensor) -> Tensor:
        query, key = self.project(word).chunk(2, -1)
        self.keys.copy_(torch.cat([self.keys[1:], key]))
        self.seen.add_(1)
        return (query @ self.keys.T).softmax(-1) @ self.keys


class Language(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 4)
        self.attend = Cached(4)

    def forward(self, word: Tensor) -> Tensor:
        return self.attend(self.embed(word))


torch.manual_seed(0)
model = Language().eval()
inputs = (torch.tensor([3]),)
