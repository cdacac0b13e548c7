"""What a value of any kind is made of: its tensors, numbers and texts, by where they are in it.

pytree stops at what is not registered with it, and what stops an export is often just that: a
dataclass, a set, a NumPy array. So two versions of a script are compared by these leaves. A set's
members have no places; they stand in the order of their contents.
"""

import copy
import ctypes
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

MOST = 2_000  # leaves of one value
DEPTH = 24  # of values in values

Stored = torch.Tensor | bool | int | float | complex | str | None
_PLAIN = (bool, int, float, complex, str)


class TooManyError(Exception):
    """A value has more leaves than are looked at, or holds itself."""


@dataclass(frozen=True)
class Leaf:
    """One leaf as it can be kept. `kind` is the class that it had."""

    name: str  # ['boxes'][1].scores
    kind: str
    value: Stored

    @property
    def is_member(self) -> bool:
        """Whether it is in a set: its place says nothing."""
        return "{" in self.name


def leaves_in(value: Any) -> list[Leaf]:
    """The leaves of a value, tensors by value. What stands in two places is kept once.

    Raises:
        TooManyError: it has more than MOST, or is nested deeper than DEPTH.
    """
    found = _walk(value)
    kept = {id(item): _stored(item) for _, item in found}
    return [Leaf(name, _kind(item), kept[id(item)]) for name, item in found]


def with_leaves(value: Any, stored: Sequence[Stored]) -> Any:
    """A copy of a value with other tensors and arrays in it, given in the order of `leaves_in`.

    Raises:
        ValueError: they do not fit the value, or its numbers and texts are not these.
        Exception: whatever an object of the user's does when it is copied.
    """
    found = [item for _, item in _walk(value)]
    if len(found) != len(stored):
        raise ValueError(f"there are {len(found)} values, and {len(stored)} were expected")
    memo: dict[int, Any] = {}
    for item, other in zip(found, stored, strict=True):
        if isinstance(item, torch.Tensor) and isinstance(other, torch.Tensor):
            memo[id(item)] = other.detach().clone().requires_grad_(item.requires_grad)
        elif _is_array(item) and isinstance(other, torch.Tensor):
            memo[id(item)] = other.numpy().copy()
        elif not _same(_stored(item), other):
            raise ValueError(f"{item!r} stands where {other!r} was expected")
    made = copy.deepcopy(value, memo)
    if digest_of(leaves_in(made)) != _digest(stored):
        raise ValueError("it holds values that a copy of it does not take")
    return made


def digest_of(leaves: Iterable[Leaf]) -> str:
    """SHA-256 of values, whatever their names and kinds."""
    return _digest(leaf.value for leaf in leaves)


def bytes_of(leaves: Iterable[Leaf]) -> int:
    """How much memory the tensors among them hold."""
    tensors = (leaf.value for leaf in leaves if isinstance(leaf.value, torch.Tensor))
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _walk(value: Any) -> list[tuple[str, Any]]:
    found = []
    for pair in _leaves(value, "", 0):
        found.append(pair)
        if len(found) > MOST:
            raise TooManyError(f"a value with more than {MOST:,} parts")
    return found


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > DEPTH:
        raise TooManyError(f"values nested deeper than {DEPTH} levels")
    items = _items(value)
    if items is None:
        yield name, value
        return
    for place, item in items:
        yield from _leaves(item, f"{name}{place}", depth + 1)


def _items(value: Any) -> list[tuple[str, Any]] | None:
    """What a value holds, by place; None: it is a leaf."""
    if isinstance(value, torch.Tensor):
        return list(_parts(value)) if value.is_nested else None
    if value is None or isinstance(value, (*_PLAIN, bytes, type, nn.Module)) or _is_array(value):
        return None
    if isinstance(value, Mapping):
        named = [(f"[{key!r}]", item) for key, item in value.items()]
        return sorted(named, key=lambda pair: pair[0]) if all(map(_is_text, value)) else named
    if isinstance(value, set | frozenset):
        members = sorted(value, key=lambda item: _content(_stored(item)))
        return [(f"{{{place}}}", item) for place, item in enumerate(members)]
    if isinstance(value, Sequence):
        return [(f"[{place}]", item) for place, item in enumerate(value)]
    if fields := _attributes(value):
        return [(f".{field}", item) for field, item in fields.items()]
    if type(value) in pytree.SUPPORTED_NODES:
        inside, _ = pytree.SUPPORTED_NODES[type(value)].flatten_fn(value)
        return [(f"[{place}]", item) for place, item in enumerate(inside)]
    return None


def _parts(value: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    for place, part in enumerate(value.unbind()):
        yield f"[{place}]", part


def _attributes(value: Any) -> dict[str, Any]:
    """What an object of a class of the user's keeps; nothing where it is no such object."""
    if callable(value):
        return {}
    slots = [
        name
        for base in type(value).__mro__
        for name in getattr(base, "__slots__", ())
        if isinstance(name, str) and hasattr(value, name)
    ]
    return {name: getattr(value, name) for name in slots} | dict(getattr(value, "__dict__", {}))


def _is_text(key: Any) -> bool:
    return isinstance(key, str)


def _is_array(value: Any) -> bool:
    return type(value).__module__ == "numpy" and type(value).__name__ == "ndarray"


def _kind(item: Any) -> str:
    kind = type(item)
    return "tensor" if isinstance(item, torch.Tensor) else kind.__qualname__


def _stored(item: Any) -> Stored:
    """A leaf as it is kept: arrays as tensors, their numbers as Python's, others by their class."""
    if isinstance(item, torch.Tensor):
        return item.detach().clone()
    if item is None or type(item) in _PLAIN:
        plain: Stored = item
        return plain
    if _is_array(item):
        try:
            return torch.as_tensor(item.copy())
        except TypeError:  # of texts or objects
            return str(item.tolist())
    if type(item).__module__ == "numpy" and hasattr(item, "item"):
        return _stored(item.item())
    if isinstance(item, bytes):
        return item.hex()
    return f"<{type(item).__qualname__}>"


def _content(value: Stored) -> bytes:
    if not isinstance(value, torch.Tensor):
        return f"{type(value).__name__} {value!r};".encode()
    head = f"{value.dtype} {list(value.shape)};".encode()
    plain = value.to_dense() if value.layout is not torch.strided else value
    plain = plain.cpu().resolve_conj().resolve_neg().contiguous()
    size = plain.numel() * plain.element_size()
    return head + (ctypes.string_at(plain.data_ptr(), size) if size else b"")


def _digest(stored: Iterable[Stored]) -> str:
    total = hashlib.sha256()
    for value in stored:
        total.update(_content(value))
    return total.hexdigest()


def _same(left: Stored, right: Stored) -> bool:
    return type(left) is type(right) and _content(left) == _content(right)
