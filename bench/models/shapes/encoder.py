"""A transformer's layer with a mask that has to be as long as the text."""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, 16)
        self.query = nn.Linear(16, 16)
        self.key = nn.Linear(16, 16)

    def forward(self, tokens, mask):
        x = self.embed(tokens)
        scores = self.query(x) @ self.key(x).transpose(1, 2)
        scores = scores.masked_fill(~mask[:, None, :], -1e4)
        return scores.softmax(-1) @ x


model = Encoder().eval()
inputs = {"tokens": torch.randint(0, 30, (2, 9)), "mask": torch.ones(2, 9, dtype=torch.bool)}
