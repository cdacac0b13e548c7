"""Three unlike decoders in a ModuleDict, each with a fault, and one more in what joins them."""

import torch
from torch import Tensor, nn


class Depth(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        low, high = x.min(), x.max()
        if high <= low:  # FAULT data_dependent_branch in decoders.depth
            # FIX: if False:
            return x
        return (x - low) / (high - low)


class Masks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        area = (x > 0).sum()
        classes = range(1, 5)[area // 1000]  # FAULT tensor_to_python in decoders.masks
        # FIX: classes = 1
        return x[:, :classes] > 0


class Points(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        found = torch.nonzero(x[0, 0] > 0)
        first, *_ = found.split(4)  # FAULT data_dependent_shape in decoders.points
        # FIX: first = found
        return first.float().mean(0)


class MultiTask(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 3, padding=1)
        self.decoders = nn.ModuleDict({"depth": Depth(), "masks": Masks(), "points": Points()})

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        x = self.body(image)
        out = {name: decoder(x) for name, decoder in self.decoders.items()}
        if out["depth"].mean() > 0.9:  # FAULT data_dependent_branch in .
            # FIX: if False:
            out["depth"] = 1 - out["depth"]
        return out


torch.manual_seed(0)
model = MultiTask().eval()
inputs = (torch.rand(1, 3, 8, 8),)
