"""A script that stumbles over its own configuration before there is a model.

SCRIPT: no model is reached.
"""

import torch
from torch import nn

CONFIG = {"width": 8, "layers": 2}


def build(config: dict[str, int]) -> nn.Module:
    """The model that a configuration describes."""
    width = config["width"]
    classes = config["classes"]  # FAULT script_error
    # FIX: classes = 3
    body = [nn.Linear(width, width) for _ in range(config["layers"])]
    return nn.Sequential(*body, nn.Linear(width, classes))


model = build(CONFIG).eval()
inputs = (torch.rand(2, 8),)
