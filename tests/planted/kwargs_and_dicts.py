"""Keyword inputs and a dict of outputs; the fault is in the glue between two heads."""

import torch
from torch import Tensor, nn


class VisionLanguage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.vision = nn.Linear(12, 8)
        self.text = nn.Embedding(40, 8)
        self.score = nn.Linear(8, 1)

    def forward(
        self, *, pixels: Tensor, tokens: Tensor, mask: Tensor | None = None
    ) -> dict[str, Tensor]:
        seen = self.vision(pixels).mean(1)
        words = self.text(tokens)
        if mask is not None and not mask.all():  # FAULT data_dependent_branch in .
            # FIX: if True:
            words = words * mask.unsqueeze(-1)
        return {"score": self.score(seen + words.mean(1)), "words": words}


torch.manual_seed(0)
model = VisionLanguage().eval()
inputs = {
    "tokens": torch.arange(5)[None],
    "pixels": torch.rand(1, 4, 12),
    "mask": torch.tensor([[True, True, True, False, False]]),
}
