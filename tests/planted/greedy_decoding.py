"""Encoder and decoder; words are made one after the other until the end-of-sentence comes."""

import torch
from torch import Tensor, nn

END = 3


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(12, 8)
        self.step = nn.Linear(16, 8)
        self.words = nn.Linear(8, 12)

    def forward(self, state: Tensor) -> Tensor:
        word = torch.zeros(1, dtype=torch.long)
        made = [word]
        for _ in range(5):
            state = self.step(torch.cat([state, self.embed(word)], -1)).tanh()
            word = self.words(state).argmax(-1)
            if word == END:  # FAULT data_dependent_branch x5 in decoder
                # FIX: if False:
                break
            made.append(word)
        return torch.cat(made)


class Translator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.EmbeddingBag(12, 8)
        self.decoder = Decoder()

    def forward(self, tokens: Tensor) -> Tensor:
        return self.decoder(self.encoder(tokens))


torch.manual_seed(0)
model = Translator().eval()
inputs = (torch.arange(6)[None],)
