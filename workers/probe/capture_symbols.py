"""The symbols of a graph with their ranges."""

from collections.abc import Iterable
from typing import Any

import torch

from .specs import expressions

Ranges = dict[str, tuple[str, str]]


def ranges_of(values: Iterable[Any], known: dict[Any, Any]) -> Ranges:
    """Symbol → lower and upper bound.

    Args:
        values: what the graph's nodes compute; symbols that only they have come last.
        known: the ranges that export gave.
    """
    ranges = {
        str(symbol): (str(bounds.lower), str(bounds.upper)) for symbol, bounds in known.items()
    }
    seen: set[Any] = set()
    for value in values:
        for number in _symbolic(value):
            (expression,) = expressions((number,))
            if expression in seen:
                continue
            seen.add(expression)
            for symbol in sorted(getattr(expression, "free_symbols", ()), key=str):
                if str(symbol) not in ranges:
                    ranges[str(symbol)] = _bounds(number, symbol)
    return ranges


def _symbolic(value: Any) -> Iterable[Any]:
    if isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool):
        return (value,)
    if isinstance(value, torch.Tensor):
        try:
            return [size for size in value.shape if not isinstance(size, int)]
        except RuntimeError:  # a nested tensor has no shape
            return ()
    return ()


def _bounds(number: Any, symbol: Any) -> tuple[str, str]:
    """From the shape environment, which is torch's own; empty where it does not say."""
    ranges = getattr(getattr(number.node, "shape_env", None), "var_to_range", {})
    bounds = ranges.get(symbol)
    return ("", "") if bounds is None else (str(bounds.lower), str(bounds.upper))
