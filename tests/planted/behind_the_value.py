"""The second fault uses the number that the first one made."""

import torch
from torch import Tensor, nn


class Router(nn.Module):
    """Picks the expert that the mean token asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(16, 3)
        self.experts = nn.ModuleList(nn.Linear(16, 16) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        chosen = range(3)[self.gate(x.mean(0)).argmax()]  # FAULT tensor_to_python in router
        # FIX: chosen = 1
        y = self.experts[chosen](x)
        if y.abs().max() > chosen:  # FAULT data_dependent_branch in router behind
            # FIX: if False:
            y = y.tanh()
        return y


class Language(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(30, 16)
        self.router = Router()

    def forward(self, tokens: Tensor) -> Tensor:
        return self.router(self.embed(tokens))


torch.manual_seed(0)
model = Language().eval()
inputs = (torch.arange(7),)
