"""Replaces torch.export by a liar; the lie stays in this run."""

from typing import Any

import torch
from torch.export import _trace


class Program:
    graph_signature = range_constraints = graph_module = None

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self

    def __iter__(self) -> Any:
        return iter(())


class Net(torch.nn.Module):
    example_inputs = (torch.ones(2, 3),)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


torch.export.export = Program()
_trace._export = Program()
