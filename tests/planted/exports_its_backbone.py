"""The script exports a part of its model; the rest, which could not be, is none of the call's."""

import torch
from torch import Tensor, nn


class Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(2))

    def forward(self, image: Tensor, *, blur: Tensor) -> list[Tensor]:
        levels = []
        for stage in self.stages:
            image = stage(image)
            levels.append(image * blur)
        if levels[-1].std() == 0:  # FAULT data_dependent_branch in .
            # FIX: if False:
            return levels[:1]
        return levels


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()

    def forward(self, image: Tensor) -> list[float]:
        return [float(level.mean()) for level in self.backbone(image, blur=torch.ones(()))]


if __name__ == "__main__":
    torch.manual_seed(0)
    net = Net().eval()
    with torch.no_grad():
        torch.export.export(
            net.backbone,
            args=(torch.rand(1, 3, 8, 8),),
            kwargs={"blur": torch.tensor(0.5)},
        )
