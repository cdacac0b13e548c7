"""Sinkhorn iterations in a matcher that end as soon as nothing changes any more."""

import torch
from torch import Tensor, nn


class Sinkhorn(nn.Module):
    def forward(self, scores: Tensor) -> Tensor:
        plan = scores.softmax(-1)
        for _ in range(20):
            before = plan
            plan = plan / plan.sum(0, keepdim=True)
            plan = plan / plan.sum(1, keepdim=True)
            if torch.allclose(before, plan, atol=0.9):  # FAULT data_dependent_branch x? in match
                # FIX: if True:
                break
        return plan


class Matcher(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.describe = nn.Linear(6, 8)
        self.match = Sinkhorn()

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return self.match(self.describe(left) @ self.describe(right).T)


torch.manual_seed(0)
model = Matcher().eval()
inputs = (torch.rand(5, 6), torch.rand(5, 6))
