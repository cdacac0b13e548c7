"""Random generators at a known state: two loads of one script then make the same model."""

import random
import sys

import torch

SEED = 20_261_128


def seed() -> None:
    """Seed the generators of Python, torch and NumPy, which torch has imported where it is."""
    random.seed(SEED)
    torch.manual_seed(SEED)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(SEED)
