"""For export, a function is mapped over people with vmap; it takes a number out of each."""

import torch
from torch import Tensor, nn


def weighted(joints: Tensor) -> Tensor:
    """One person's joints (J, 3), weighted by the surest one."""
    surest = joints[:, 2].max().item()  # FAULT tensor_to_python x?
    # FIX: surest = joints[:, 2].max()
    return joints * surest


def one_by_one(people: Tensor) -> Tensor:
    """The same without vmap, which only the export wants."""
    return torch.stack([weighted(joints) for joints in people])


class People(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        run = torch.vmap(weighted) if torch.compiler.is_exporting() else one_by_one
        return run(self.head(x).sigmoid())


torch.manual_seed(0)
model = People().eval()
inputs = (torch.rand(2, 17, 8),)
