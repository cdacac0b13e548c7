"""Arguments and targets of nodes as data; the forms are in app/graphs/document.py."""

import math
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any

import torch
from torch.fx import Node

from .capture_names import Names
from .emit import SHORT, cap
from .specs import class_name, dtype_name, object_name

DEPTH = 24  # of arguments in arguments; a line may hold 64 levels, and a dict is two

_OPERATORS = (
    torch._ops.OpOverload,
    torch._ops.OpOverloadPacket,
    torch._ops.HigherOrderOperator,
)
_SYMBOLIC = torch.SymInt | torch.SymFloat | torch.SymBool
_NAMED = (
    ("device", torch.device),
    ("layout", torch.layout),
    ("memory_format", torch.memory_format),
)


class Arguments:
    """Writes the arguments of one body's nodes; `names` are what references become."""

    def __init__(self, names: Mapping[Node, str]) -> None:
        self._names = names

    def as_data(self, arg: Any, depth: int = 0) -> Any:
        """One argument."""
        if arg is None or isinstance(arg, bool):
            return arg
        if isinstance(arg, int):
            return int(arg) if -(2**63) <= arg < 2**63 else {"int": cap(arg)}
        if isinstance(arg, str):
            return cap(arg)
        if isinstance(arg, float):
            return arg if math.isfinite(arg) else {"float": str(arg)}
        if isinstance(arg, Node):
            return {"node": self._names.get(arg) or cap(arg.name, SHORT)}
        if depth == DEPTH:
            return {"object": class_name(arg)}
        if isinstance(arg, tuple | list):
            return [self.as_data(item, depth + 1) for item in arg]
        if isinstance(arg, dict):
            return {"dict": self.keyed(arg, depth + 1)}
        if isinstance(arg, slice):
            parts = (arg.start, arg.stop, arg.step)
            return {"slice": [self.as_data(part, depth + 1) for part in parts]}
        return _named(arg)

    def keyed(self, args: Mapping[Any, Any], depth: int = 0) -> dict[str, Any]:
        """Arguments by keyword, or a dict's items."""
        given = Names()
        return {given.give(key): self.as_data(item, depth) for key, item in args.items()}


def target_name(target: Any) -> str:
    """An operator as torch prints it, a function by its module and name."""
    if isinstance(target, str):
        return target
    if isinstance(target, _OPERATORS):
        return str(target)
    name = getattr(target, "__qualname__", None)
    if name is None:  # it prints with its address
        return class_name(target)
    return f"{getattr(target, '__module__', '')}.{name}".strip(".")


def _named(arg: Any) -> dict[str, str]:
    if isinstance(arg, torch.dtype):
        return {"dtype": dtype_name(arg)}
    if isinstance(arg, _SYMBOLIC):
        return {"sym": cap(arg)}
    if isinstance(arg, complex):
        return {"complex": str(arg)}
    if isinstance(arg, (*_OPERATORS, FunctionType, BuiltinFunctionType)):
        return {"op": cap(target_name(arg))}
    for key, type_ in _NAMED:
        if isinstance(arg, type_):
            return {key: str(arg)}
    return {"object": object_name(arg)}
