"""Sentences of unlike length in one nested tensor, which has no shape inference of this kind."""

import torch
from torch import Tensor, nn


class Ragged(nn.Module):
    """Two sentences (T1, C) and (T2, C) to one padded batch."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        batch = torch.nested.nested_tensor([first, second])  # FAULT missing_fake_kernel in ragged
        # FIX: return nn.utils.rnn.pad_sequence([first, second], batch_first=True)
        return batch.to_padded_tensor(0.0)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(30, 8)
        self.ragged = Ragged()

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return self.ragged(self.embed(first), self.embed(second)).mean(1)


torch.manual_seed(0)
model = Encoder().eval()
inputs = (torch.arange(4), torch.arange(6))
