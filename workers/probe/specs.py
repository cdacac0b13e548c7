"""Specs of what crosses a border: tensors, numbers and what is neither, without their values."""

from collections.abc import Iterable
from typing import Any

import torch
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

from .emit import SHORT, TEXT, cap

MOST = 2_000


def specs_of(value: Any) -> list[dict[str, Any]]:
    """One spec for each leaf of `value`, named by its place: `args[0]`, `['boxes'][1]`."""
    leaves, _ = pytree.tree_flatten_with_path(value)
    return [spec(leaf, pytree.keystr(path)) for path, leaf in leaves[:MOST]]


def input_specs(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """Specs of a call's arguments, `args[0]`, `kwargs['mask']`."""
    return [
        {**item, "name": cap(name + item["name"], SHORT)}
        for name, value in (("args", args), ("kwargs", kwargs))
        for item in specs_of(value)
    ][:MOST]


def spec(value: Any, name: str = "") -> dict[str, Any]:
    """The spec of one value; a symbolic dimension is text."""
    fields: dict[str, Any] = {"name": cap(name, SHORT)}
    if isinstance(value, torch.Tensor):
        return fields | {
            "kind": "tensor",
            "shape": [size if isinstance(size, int) else cap(size, SHORT) for size in value.shape],
            "dtype": dtype_name(value.dtype),
            "device": str(value.device),
        }
    for kind, type_ in (
        ("symint", torch.SymInt),
        ("symfloat", torch.SymFloat),
        ("symbool", torch.SymBool),
    ):
        if isinstance(value, type_):
            return fields | {"kind": kind, "value": cap(value, TEXT)}
    if value is None or isinstance(value, bool | int | float | str):
        return fields | {"kind": "constant", "value": cap(repr(value), TEXT)}
    return fields | {"kind": "object", "value": class_name(value)}


def count_elements(tensors: Iterable[torch.Tensor]) -> int:
    """How many numbers these tensors hold; a lazy one that has no shape yet holds none."""
    return sum(0 if is_lazy(tensor) else tensor.numel() for tensor in tensors)


def dtype_name(dtype: torch.dtype) -> str:
    """`float32`."""
    return str(dtype).removeprefix("torch.")


def class_name(value: object) -> str:
    """`torch.nn.modules.linear.Linear`, capped."""
    return cap(
        f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("__main__."), SHORT
    )
