"""Greedy suppression while boxes are left, and an assertion about what stays."""

import torch
from torch import Tensor, nn


class NMS(nn.Module):
    """Boxes (N, 4) and scores (N,) to a mask (N,) of those that stay."""

    def forward(self, centers: Tensor, scores: Tensor) -> Tensor:
        near = torch.cdist(centers, centers) < 0.3
        alive = torch.ones_like(scores, dtype=torch.bool)
        kept = torch.zeros_like(alive)
        while alive.any():  # FAULT data_dependent_branch x? in nms
            # FIX: for _ in range(6):
            best = nn.functional.one_hot(scores.masked_fill(~alive, -1).argmax(), 6).bool()
            kept = kept | best
            alive = alive & ~near[scores.masked_fill(~alive, -1).argmax()] & ~best
        assert kept.sum() > 0  # FAULT data_dependent_branch in nms behind
        # FIX: pass
        return kept


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 3)
        self.nms = NMS()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        out = self.head(x).sigmoid()
        return out, self.nms(out[:, :2], out[:, 2])


torch.manual_seed(0)
model = Detector().eval()
inputs = (torch.rand(6, 8),)
