"""Strict export of a model whose labels come out of a plug-in, by exec."""

import torch
from torch import Tensor, nn

LABELS = ["person", "dog", "bicycle"]


def labels() -> int:
    """How many labels there are, as a plug-in would say."""
    scope: dict[str, int] = {}
    exec(f"count = {len(LABELS)}", scope)  # FAULT unsupported_python
    # FIX: scope["count"] = 3
    return scope["count"]


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)[:, : labels()]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.head = Head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).relu())


torch.manual_seed(0)
torch.export.export(Net().eval(), args=(torch.rand(2, 4),), strict=True)
