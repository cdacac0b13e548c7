"""Holds a model whose forward never ends."""

import time

import torch


class Net(torch.nn.Module):
    example_inputs = (torch.ones(2, 3),)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        time.sleep(10_000)
        return x
