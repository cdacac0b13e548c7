"""Gives inputs and weights whose classes lie about shape, size, device and equality."""

from typing import Any

import torch


class Liar(torch.Tensor):
    def numel(self) -> int:
        return -(2**70)

    def __repr__(self, *, tensor_contents: Any = None) -> Any:  # type: ignore[override]
        return "x" * 50_000_000

    @classmethod
    def __torch_function__(cls, *arguments: Any, **keywords: Any) -> Any:
        raise SystemExit(0)


setattr(Liar, "shape", property(lambda self: (2**62, -1, "<b>")))  # noqa: B010 - mypy


class Net(torch.nn.Module):
    example_inputs = (torch.ones(2, 3).as_subclass(Liar),)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x
