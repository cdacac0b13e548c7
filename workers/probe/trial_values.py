"""Two sets of outputs side by side: what an upload gave and what a changed copy of it gives."""

from collections.abc import Iterator
from typing import Any

import torch

from .leaves import Leaf
from .replay import compare_leaf

_NUMBERS = (bool, int, float, complex)


def differences(expected: list[Leaf], actual: list[Leaf]) -> tuple[list[dict[str, Any]], str]:
    """Each output as an OutputDifference, and what is of another kind now, in words.

    A number may have become a tensor of one element, an array a tensor: the value counts. Where
    the structure has changed, values are compared in their order.
    """
    if len(expected) != len(actual):
        why = f"the upload gives {len(expected)} values, the changed script {len(actual)}"
        return [compare_leaf("", torch.zeros(0), torch.zeros(1)) | {"name": "", "why": why}], ""
    outputs, changed = [], []
    for left, right in _pairs(expected, actual):
        outputs.append(_compared(left, right))
        if left.kind != right.kind:
            changed.append(f"{left.name or 'the output'} was a {left.kind}, is a {right.kind}")
        elif left.name != right.name:
            changed.append(f"{left.name or 'the output'} is at {right.name or 'the top'} now")
    return outputs, "; ".join(changed)


def _pairs(expected: list[Leaf], actual: list[Leaf]) -> Iterator[tuple[Leaf, Leaf]]:
    by_name = {leaf.name: leaf for leaf in actual}
    if by_name.keys() == {leaf.name for leaf in expected}:
        yield from ((leaf, by_name[leaf.name]) for leaf in expected)
        return
    if not any(leaf.is_member for leaf in expected):
        yield from zip(expected, actual, strict=True)
        return
    left = list(actual)  # a set's members have no order: each takes the first that is equal
    for leaf in expected:
        equal = (one for one in left if _compared(leaf, one)["equal"])
        found = next(equal, left[0])
        left.remove(found)
        yield leaf, found


def _compared(left: Leaf, right: Leaf) -> dict[str, Any]:
    a, b = left.value, right.value
    if isinstance(a, _NUMBERS) and isinstance(b, torch.Tensor):
        a, b = _alike(a, b)
    elif isinstance(a, torch.Tensor) and isinstance(b, _NUMBERS):
        b, a = _alike(b, a)
    elif isinstance(a, float) and isinstance(b, float):
        a, b = torch.tensor(a, dtype=torch.double), torch.tensor(b, dtype=torch.double)
    return compare_leaf(left.name or "output", a, b)


def _alike(number: Any, tensor: torch.Tensor) -> tuple[Any, torch.Tensor]:
    """A number and a tensor of one element in a form that holds both; others as they are."""
    if tensor.numel() != 1:
        return number, tensor
    if not (tensor.is_floating_point() or tensor.is_complex()):
        tensor = tensor.double()
    return torch.full_like(tensor, number), tensor
