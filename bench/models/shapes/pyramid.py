"""A feature pyramid that resizes to the size it finds: any height and width."""

import torch
from torch import nn


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.fine = nn.Conv2d(3, 4, 3, padding=1)
        self.coarse = nn.Conv2d(4, 4, 3, stride=2, padding=1)

    def forward(self, image):
        fine = self.fine(image)
        coarse = self.coarse(fine)
        return fine + nn.functional.interpolate(coarse, size=fine.shape[2:])


model = Pyramid().eval()
inputs = (torch.randn(1, 3, 14, 18),)
