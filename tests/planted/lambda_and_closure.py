"""A lambda kept in a table, and a function nested in forward: both ask the data."""

import torch
from torch import Tensor, nn

SCORES = {
    "max": lambda x: x.amax(-1),
    "margin": lambda x: x[0] if x.sum() > 0 else x[1],  # FAULT data_dependent_branch in scores
    # FIX: "margin": lambda x: x[0],
}


class Scores(nn.Module):
    def forward(self, logits: Tensor) -> Tensor:
        return SCORES["max"](logits) + SCORES["margin"](logits).mean()


class Suppress(nn.Module):
    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, scores: Tensor) -> Tensor:
        def weaken(values: Tensor) -> Tensor:
            if values.max() > self.limit:  # FAULT data_dependent_branch in suppress
                # FIX: if True:
                return values * 0.5
            return values

        return weaken(scores)


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 3)
        self.scores = Scores()
        self.suppress = Suppress(-5.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.suppress(self.scores(self.fc(x)))


torch.manual_seed(0)
model = Head().eval()
inputs = (torch.rand(4, 8),)
