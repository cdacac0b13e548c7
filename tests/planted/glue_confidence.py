"""A tracker whose detector and head export; the glue that joins them, one level down, does not."""

import torch
from torch import Tensor, nn


class Stage(nn.Module):
    """Detects, and refines what it is not sure of."""

    def __init__(self) -> None:
        super().__init__()
        self.detector = nn.Linear(16, 8)
        self.refiner = nn.Linear(8, 8)

    def forward(self, tokens: Tensor) -> Tensor:
        found = self.detector(tokens)
        unsure = found.softmax(-1).amax(-1) < 0.5
        if unsure.any():  # FAULT data_dependent_branch in tracker.stage
            # FIX: if True:
            found = found + self.refiner(found)
        return found


class Tracker(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 16)
        self.stage = Stage()

    def forward(self, boxes: Tensor) -> Tensor:
        return self.stage(self.embed(boxes).relu())


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tracker = Tracker()
        self.score = nn.Linear(8, 1)

    def forward(self, boxes: Tensor) -> Tensor:
        return self.score(self.tracker(boxes)).sigmoid()


torch.manual_seed(0)
model = Model().eval()
inputs = (torch.rand(6, 4),)
