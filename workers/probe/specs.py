"""Specs of what crosses a border: tensors, numbers and what is neither, without their values."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import sympy
import torch
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

from .emit import SHORT, TEXT, cap

MOST = 2_000
DEPTH = 16  # of values in values

_SYMBOLIC = (
    ("symint", torch.SymInt),
    ("symfloat", torch.SymFloat),
    ("symbool", torch.SymBool),
)


def specs_of(value: Any) -> list[dict[str, Any]]:
    """One spec for each leaf of `value`, named by its place: `args[0]`, `['boxes'][1]`."""
    return [spec(leaf, name) for name, leaf in named_leaves(value)[:MOST]]


def named_leaves(value: Any) -> list[tuple[str, Any]]:
    """The leaves of a pytree by their place; by number where a class was registered without."""
    try:
        leaves, _ = pytree.tree_flatten_with_path(value)
    except ValueError:  # no flatten_with_keys_fn, which export does not ask for
        return [(f"[{place}]", leaf) for place, leaf in enumerate(pytree.tree_leaves(value))]
    return [(pytree.keystr(path), leaf) for path, leaf in leaves]


def input_specs(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """Specs of a call's arguments, `args[0]`, `kwargs['mask']`."""
    return [
        {**item, "name": cap(name + item["name"], SHORT)}
        for name, value in (("args", args), ("kwargs", kwargs))
        for item in specs_of(value)
    ][:MOST]


def leaves_of(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """What is in lists, tuples and dicts, with its place. Other pytrees are the user's code."""
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, tuple | list):
        items = enumerate(value)
    elif isinstance(value, dict):
        items = value.items()
    else:
        yield path, value
        return
    if depth < DEPTH:
        for key, item in items:
            yield from leaves_of(item, f"{path}[{key!r}]", depth + 1)


def spec(value: Any, name: str = "") -> dict[str, Any]:
    """The spec of one value; a symbolic dimension is text."""
    fields: dict[str, Any] = {"name": cap(name, SHORT)}
    if isinstance(value, torch.Tensor):
        return fields | _tensor(value)
    for kind, type_ in _SYMBOLIC:
        if isinstance(value, type_):
            return fields | {"kind": kind, "value": cap(value, TEXT)}
    if value is None or isinstance(value, bool | int | float | complex | str):
        return fields | {"kind": "constant", "value": cap(repr(value), TEXT)}
    return fields | {"kind": "object", "value": object_name(value)}


def _tensor(tensor: torch.Tensor) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": "tensor",
        "dtype": dtype_name(tensor.dtype),
        "device": str(tensor.device),
    }
    strided = tensor.layout is torch.strided
    if not strided:
        fields["layout"] = str(tensor.layout).removeprefix("torch.")
    try:
        shape = tuple(tensor.shape)
        stride = tuple(tensor.stride()) if strided else ()
    except RuntimeError:  # a nested tensor has no shape, a lazy one none yet
        return fields | {"layout": "nested"} if tensor.is_nested else fields
    fields["shape"] = list(map(_size, shape))
    if strided and not _is_contiguous(expressions(shape), expressions(stride)):
        fields["stride"] = list(map(_size, stride))
    return fields


def _size(size: int | torch.SymInt) -> int | str:
    return size if isinstance(size, int) else _text(*expressions((size,)))


@lru_cache(maxsize=10_000)
def _text(expression: Any) -> str:
    return cap(expression, SHORT)


def expressions(sizes: Sequence[int | torch.SymInt]) -> tuple[Any, ...]:
    """Sizes as sympy has them. A nested tensor's own size has no expression: it stays."""
    return tuple(
        size if isinstance(size, int) else getattr(size.node, "expr", str(size)) for size in sizes
    )


@lru_cache(maxsize=10_000)
def _is_contiguous(shape: tuple[Any, ...], stride: tuple[Any, ...]) -> bool:
    """Whether the strides are those of a contiguous tensor. Asks no guard, as torch's own would."""
    if 0 in shape:
        return True
    expected = sympy.Integer(1)
    for size, step in zip(reversed(shape), reversed(stride), strict=True):
        if size == 1:
            continue
        if isinstance(size, str) or isinstance(step, str):
            return False
        if step != expected and sympy.expand(_at_least_one(step) - expected) != 0:
            return False
        expected *= size
    return True


def _at_least_one(step: Any) -> Any:
    """torch writes `Max(1, u0)` for a size in a stride: one of 0 has no elements to stride over."""
    if isinstance(step, int):
        return step
    return step.replace(
        lambda part: type(part).__name__ == "Max" and len(part.args) == 2 and 1 in part.args,
        lambda part: next(one for one in part.args if one != 1),
    )


def count_elements(tensors: Iterable[torch.Tensor]) -> int:
    """How many numbers these tensors hold; a lazy one that has no shape yet holds none."""
    return sum(0 if is_lazy(tensor) else tensor.numel() for tensor in tensors)


def dtype_name(dtype: torch.dtype) -> str:
    """`float32`."""
    return str(dtype).removeprefix("torch.")


def object_name(value: object) -> str:
    """The class of what is no tensor and no number: a ScriptObject's own, of a fake one as well."""
    if isinstance(value, torch.ScriptObject):
        return cap(value._type().qualified_name(), SHORT)
    fake = getattr(value, "script_class_name", None)
    return cap(fake, SHORT) if isinstance(fake, str) else class_name(value)


def class_name(value: object) -> str:
    """`torch.nn.modules.linear.Linear`, capped."""
    return cap(
        f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("__main__."), SHORT
    )
