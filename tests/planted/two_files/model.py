"""An upload of a package: one fault in the package, one in the entry file behind it."""

import torch
from layers.pooling import TopPool
from torch import Tensor, nn


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 16)
        self.pool = TopPool(16)
        self.head = nn.Linear(16, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        logits = self.head(self.pool(self.embed(tokens)))
        best = int(logits.argmax())  # FAULT tensor_to_python in . @2
        # FIX: best = 0
        return torch.stack([logits, logits * (-1, 1)[best]])


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.export.export(Classifier().eval(), (torch.arange(9),))
