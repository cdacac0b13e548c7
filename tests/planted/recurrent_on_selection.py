"""A torch module stops the model: an LSTM over frames whose number only the data knows."""

import torch
from torch import Tensor, nn


class Recogniser(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, frames: Tensor, speech: Tensor) -> Tensor:
        voiced = self.embed(frames)[speech]
        states, _ = self.lstm(voiced[None])  # FAULT data_dependent_shape in .
        # FIX: states = voiced[None] * 2
        return self.head(states.mean(1))


torch.manual_seed(0)
model = Recogniser().eval()
inputs = (torch.rand(10, 6), torch.arange(10) % 3 > 0)
