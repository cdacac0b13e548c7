"""An export call with an input that is no pytree: the line of that call is to blame."""

from typing import Any

import torch
from torch import Tensor, nn


class ImageList:
    """Images of one batch and the sizes that they had."""

    def __init__(self, tensors: Tensor) -> None:
        self.tensors = tensors


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, images: Any) -> Tensor:
        return self.conv(getattr(images, "tensors", images)).mean((2, 3))


def main() -> None:
    torch.manual_seed(0)
    net = Net().eval()
    batch = torch.rand(2, 3, 8, 8)
    images = ImageList(batch)
    torch.export.export(net, (images,))  # FAULT unsupported_input
    # FIX: torch.export.export(net, (batch,))


if __name__ == "__main__":
    main()
