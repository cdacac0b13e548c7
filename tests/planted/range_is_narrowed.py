"""Sentences of 2 to 64 words are asked for; a table of 32 positions holds fewer."""

import torch
from torch import Tensor, nn
from torch.export import Dim


class Positions(nn.Module):
    def __init__(self, longest: int = 32) -> None:
        super().__init__()
        self.longest = longest
        self.table = nn.Parameter(torch.zeros(longest, 8))

    def forward(self, x: Tensor) -> Tensor:
        words = x.shape[1]
        if words > self.longest:  # FAULT dynamic_shape_violation in positions
            # FIX: if False:
            raise ValueError(f"{words} words are too many")
        return x + self.table[torch.arange(words)]


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.positions = Positions()
        self.tag = nn.Linear(8, 5)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.tag(self.positions(self.embed(tokens)))


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.export.export(
        Tagger().eval(),
        (torch.arange(12)[None],),
        dynamic_shapes={"tokens": {1: Dim("words", min=2, max=64)}},
    )
