"""Frames are chosen by a generator, tracks by a comprehension; each asks once an item."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn


class Keyframes(nn.Module):
    """Frames (T, C) that differ from the one before."""

    def chosen(self, clip: Tensor) -> Iterator[Tensor]:
        yield clip[0]
        for before, frame in pairwise(clip):
            if (frame - before).norm() > 0.1:  # FAULT data_dependent_branch x5 in keyframes
                # FIX: if True:
                yield frame

    def forward(self, clip: Tensor) -> Tensor:
        return torch.stack(list(self.chosen(clip)))


class Tracks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(8, 1)

    def forward(self, frames: Tensor) -> Tensor:
        scores = self.score(frames).squeeze(-1)
        kept = [
            frame
            for frame, score in zip(frames, scores, strict=True)
            if score > -9  # FAULT data_dependent_branch x? in tracks
            # FIX: if True
        ]
        return torch.stack(kept)


class Summary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.keyframes = Keyframes()
        self.tracks = Tracks()

    def forward(self, clip: Tensor) -> Tensor:
        return self.tracks(self.keyframes(clip)).mean(0)


torch.manual_seed(0)
model = Summary().eval()
inputs = (torch.rand(6, 8),)
