"""Two scales that are added: height and width have to be multiples of 4."""

import torch
from torch import nn


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fine = nn.Conv2d(3, 4, 3, padding=1)
        self.coarse = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, image):
        fine = self.fine(image)
        coarse = self.coarse(nn.functional.max_pool2d(fine, 4))
        return fine + nn.functional.interpolate(coarse, scale_factor=4.0)


model = UNet().eval()
inputs = (torch.randn(2, 3, 16, 24),)
