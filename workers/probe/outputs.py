"""What one call gave, without the values of its tensors.

Of tensors only the shape, stride, dtype and device are kept; what is no tensor (numbers, NumPy
arrays, sizes) is kept itself.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree


@dataclass(frozen=True)
class TensorLike:
    """A tensor without its values."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


@dataclass(frozen=True)
class Holder:
    """An object that is no pytree and holds tensors in its attributes, such as an ImageList.

    `value` is a copy without them.
    """

    value: object
    attributes: "dict[str, Output]"


@dataclass(frozen=True)
class Output:
    """What one call gave. Leaves that were tensors are TensorLike."""

    leaves: list[Any]
    shape: pytree.TreeSpec
    is_iterator: bool = False

    @property
    def tensors(self) -> list[TensorLike]:
        """The tensors among the leaves, those inside holders too."""
        found: list[TensorLike] = []
        for leaf in self.leaves:
            if isinstance(leaf, TensorLike):
                found.append(leaf)
            elif isinstance(leaf, Holder):
                found += [one for held in leaf.attributes.values() for one in held.tensors]
        return found

    @property
    def is_constant(self) -> bool:
        """Whether it is tensors alone: another call's would do as well."""
        return all(isinstance(leaf, TensorLike) for leaf in self.leaves)

    def is_like(self, other: "Output") -> bool:
        """Whether both have the same structure and tensors of the same shapes."""
        return self.shape == other.shape and self.tensors == other.tensors

    def rebuilt(self, tensors: Iterable[torch.Tensor]) -> Any:
        """The value again, with these in the place of its tensors, in order."""
        given = iter(tensors)
        value = self._rebuilt(given)
        return iter(value) if self.is_iterator else value

    def _rebuilt(self, given: Any) -> Any:
        leaves = []
        for leaf in self.leaves:
            if isinstance(leaf, TensorLike):
                leaves.append(next(given))
            elif isinstance(leaf, Holder):
                twin = copy.copy(leaf.value)
                held = leaf.attributes.items()
                vars(twin).update({name: one._rebuilt(given) for name, one in held})
                leaves.append(twin)
            else:
                leaves.append(leaf)
        return pytree.tree_unflatten(leaves, self.shape)


def output_of(value: Any, *, holds: bool = True) -> Output:
    """What a call gave, as it is kept. An iterator must have been made a list before.

    `holds`: whether tensors in attributes are kept apart. Those of what they hold are not: objects
    may hold each other in a circle.
    """
    leaves, shape = pytree.tree_flatten(value)
    return Output([_kept(leaf, holds) for leaf in leaves], shape)


def tensor_leaves(value: Any) -> list[torch.Tensor]:
    """The tensors among the leaves of a value."""
    return [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def _kept(leaf: Any, holds: bool) -> Any:
    if isinstance(leaf, torch.Tensor):
        stride = tuple(leaf.stride()) if leaf.layout == torch.strided else ()
        return TensorLike(tuple(leaf.shape), stride, leaf.dtype, leaf.device)
    if type(leaf).__module__ == "numpy":
        return copy.deepcopy(leaf)
    if not holds or isinstance(leaf, torch.nn.Module) or not hasattr(leaf, "__dict__"):
        return leaf
    held = {
        name: output_of(value, holds=False)
        for name, value in vars(leaf).items()
        if tensor_leaves(value)
    }
    if not held:
        return leaf
    try:
        emptied = copy.copy(leaf)
    except Exception:  # its class forbids it
        return leaf
    vars(emptied).update(dict.fromkeys(held))
    return Holder(emptied, held)


NOTHING = Output([], pytree.tree_flatten(None)[1])  # of a call that did not return, or is not kept
