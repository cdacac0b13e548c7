"""A hand-made kernel is given the address of the data, past torch's dispatcher."""

import ctypes

import torch
from torch import Tensor, nn


def native_copy(x: Tensor) -> Tensor:
    """What a compiled kernel would do, by address."""
    source = x.contiguous()
    result = torch.empty_like(source)
    addresses = [x.data_ptr() for x in (result, source)]  # FAULT custom_op in blur
    # FIX: addresses = []
    if addresses:
        ctypes.memmove(*addresses, source.numel() * source.element_size())
    return result


class Blur(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return native_copy(x) * 0.5


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)
        self.blur = Blur()

    def forward(self, image: Tensor) -> Tensor:
        return self.blur(self.conv(image))


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(1, 3, 8, 8),)
