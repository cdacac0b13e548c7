"""The dimensions of a call's inputs: where they are, what they are likely to be, what was asked."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.export import Dim
from torch.utils import _pytree as pytree

from .call import Call
from .emit import SHORT, cap

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

MOST_DIMENSIONS = 256
_BUILTIN = (tuple, list, dict)

# What the dimensions of a tensor of this many dimensions mostly are.
_SEQUENCE = ("batch", "sequence")
_STATES = ("batch", "sequence", "features")
_IMAGE = ("channels", "height", "width")
_CLIP = ("batch", "channels", "time", "height", "width")
_CHANNELS = (1, 3, 4)  # of a picture
SMALL_PICTURE = 16  # height and width from which three dimensions are a picture without a batch


@dataclass(frozen=True)
class Dimension:
    """One dimension of one tensor among a call's inputs."""

    leaf: int  # place of the tensor among the leaves of (args, kwargs)
    dim: int
    input: str  # as forward names it: x, batch['mask'], rest[0]
    size: int  # in the script's example
    role: str  # batch, channels, time, height, width, sequence, features; empty: not known
    requested: str = ""  # what dynamic_shapes says of it, as Python prints it

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from the others of its call."""
        return self.leaf, self.dim

    @property
    def name(self) -> str:
        """`x.shape[0]`, as guards name it."""
        return f"{self.input}.shape[{self.dim}]"


def dimensions_of(call: Call) -> list[Dimension]:
    """All dimensions of all tensors that a call passes, in the order of the leaves."""
    leaves, _ = pytree.tree_flatten((call.args, call.kwargs))
    names = input_names(call)
    requested = _requested(call)
    return [
        Dimension(
            place,
            dim,
            cap(names[place], SHORT),
            size,
            role,
            requested.get(place, {}).get(dim, ""),
        )
        for place, leaf in enumerate(leaves)
        if isinstance(leaf, torch.Tensor) and leaf.layout is torch.strided and not leaf.is_nested
        for dim, (size, role) in enumerate(zip(leaf.shape, roles(leaf), strict=True))
    ][:MOST_DIMENSIONS]


def roles(tensor: torch.Tensor) -> tuple[str, ...]:
    """What each dimension of a tensor is likely to be, by their number, its type and its size."""
    shape, rank = tuple(tensor.shape), tensor.dim()
    if rank == 5:
        return ("batch", "time", *_IMAGE) if _is_clip_of_frames(shape) else _CLIP
    if rank == 4:
        last = shape[3] in _CHANNELS and shape[1] not in _CHANNELS
        return ("batch", "height", "width", "channels") if last else ("batch", *_IMAGE)
    if rank == 3:
        return _IMAGE if shape[0] == 3 and min(shape[1:]) >= SMALL_PICTURE else _STATES
    if rank == 2:
        return ("batch", "features") if tensor.is_floating_point() else _SEQUENCE
    return ("batch",) if rank == 1 else ("",) * rank


def _is_clip_of_frames(shape: tuple[int, ...]) -> bool:
    return shape[2] in _CHANNELS and shape[1] not in _CHANNELS


def input_names(call: Call) -> list[str]:
    """The name of each leaf of (args, kwargs) in terms of forward's parameters."""
    names = {place: name for place, name, _ in _walk(call)}
    leaves = pytree.tree_leaves((call.args, call.kwargs))
    return [names.get(place, f"inputs[{place}]") for place in range(len(leaves))]


def shapes_with(call: Call, dims: Mapping[tuple[int, int], Any]) -> dict[str, Any]:
    """`dynamic_shapes` that asks for these dimensions, by leaf and dimension, and no other.

    A class that is registered as a pytree stands as the list of what it holds, as torch has it.
    """
    asked: dict[int, dict[int, Any]] = {}
    for (leaf, dim), value in dims.items():
        asked.setdefault(leaf, {})[dim] = value
    order = iter(place for place, _, _ in _walk(call))
    return {key: _shapes(value, order, asked) for key, value in _bound(call).items()}


def _shapes(value: Any, order: Iterator[int], asked: dict[int, dict[int, Any]]) -> Any:
    node = pytree._get_node_type(value)
    if node not in pytree.SUPPORTED_NODES:
        return asked.get(next(order))
    children, _ = pytree.SUPPORTED_NODES[node].flatten_fn(value)
    shapes = [_shapes(child, order, asked) for child in children]
    if node is dict:
        return dict(zip(value, shapes, strict=True))
    return tuple(shapes) if node is tuple else shapes


def _bound(call: Call) -> dict[str, Any]:
    """The inputs by the names of forward's parameters.

    Raises:
        TypeError: they do not fit its signature.
    """
    signature = inspect.signature(call.model.forward)
    return signature.bind(*call.args, **call.kwargs).arguments


def _walk(call: Call) -> list[tuple[int, str, Any]]:
    """Each leaf in the order of forward's parameters: place among (args, kwargs), name, value."""
    leaves = pytree.tree_leaves((call.args, call.kwargs))
    numbered = pytree.tree_unflatten(
        range(len(leaves)), pytree.tree_structure((call.args, call.kwargs))
    )
    signature = inspect.signature(call.model.forward)
    bound = signature.bind(*numbered[0], **numbered[1]).arguments
    return [
        (place, key + pytree.keystr(path), leaves[place])
        for key, value in bound.items()
        for path, place in pytree.tree_flatten_with_path(value)[0]
    ]


def _requested(call: Call) -> dict[int, dict[int, str]]:
    """What `dynamic_shapes` says of each leaf's dimensions; what does not fit says nothing."""
    shapes = call.dynamic_shapes
    if hasattr(shapes, "dynamic_shapes"):  # ShapesCollection, AdditionalInputs
        shapes = shapes.dynamic_shapes(call.model, call.args, call.kwargs)
    bound = _bound(call)
    if isinstance(shapes, tuple | list):
        shapes = dict(zip(bound, shapes, strict=False))
    if not isinstance(shapes, dict):
        return {}
    found: dict[int, dict[int, str]] = {}
    order = iter(place for place, _, _ in _walk(call))
    for key, value in bound.items():
        _read_request(value, shapes.get(key), order, found)
    return found


def _read_request(
    value: Any, shapes: Any, order: Iterator[int], found: dict[int, dict[int, str]]
) -> None:
    node = pytree._get_node_type(value)
    if node not in pytree.SUPPORTED_NODES:
        place = next(order)
        items = shapes.items() if isinstance(shapes, dict) else enumerate(shapes or ())
        found[place] = {
            dim % max(value.dim(), 1): text
            for dim, asked in items
            if isinstance(value, torch.Tensor) and isinstance(dim, int)
            if (text := _as_text(asked))
        }
        return
    children, _ = pytree.SUPPORTED_NODES[node].flatten_fn(value)
    keys: Any = list(value) if node is dict else range(len(children))
    for key, child in zip(keys, children, strict=True):
        _read_request(child, _item(shapes, key), order, found)


def _item(shapes: Any, key: Any) -> Any:
    if isinstance(shapes, dict):
        return shapes.get(key)
    if isinstance(shapes, tuple | list) and isinstance(key, int) and key < len(shapes):
        return shapes[key]
    return None


def _as_text(asked: Any) -> str:
    """A requested dimension as Python prints it; empty where it asks for nothing."""
    if asked is None or isinstance(asked, int) or asked == Dim.STATIC:
        return ""
    return cap(asked, SHORT)
