"""Inputs that export does not take, kept out of its sight."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Hidden:
    """A call's inputs with None where export would refuse a value, and those values."""

    shown: Arguments
    held: dict[int, Any]  # place among the leaves → value

    def put_back(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """What forward is to get, of what export gave it."""
        leaves, shape = pytree.tree_flatten((args, kwargs))
        for place, value in self.held.items():
            leaves[place] = value
        args, kwargs = pytree.tree_unflatten(leaves, shape)
        return args, kwargs


def hidden(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hidden:
    """Hide what is neither a tensor nor a constant."""
    leaves, shape = pytree.tree_flatten((args, kwargs))
    held = {place: leaf for place, leaf in enumerate(leaves) if not _is_taken(leaf)}
    shown = [None if place in held else leaf for place, leaf in enumerate(leaves)]
    return Hidden(pytree.tree_unflatten(shown, shape), held)


def _is_taken(leaf: Any) -> bool:
    plain = (torch.Tensor, bool, int, float, str, torch.dtype, torch.device)
    return leaf is None or isinstance(leaf, plain)
