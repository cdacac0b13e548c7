"""A NumPy array among the inputs, in a script that only gives a model and inputs.

FAULT unsupported_input
"""

import numpy as np
import torch
from torch import Tensor, nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor, weights: np.ndarray) -> Tensor:
        return self.fc(x) * torch.from_numpy(weights)


torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(3, 4), np.ones(2, dtype=np.float32))
