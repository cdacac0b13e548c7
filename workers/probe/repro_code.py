"""Values as Python code: constructor calls as they were made, tensors as random ones alike."""

import functools
import inspect
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import torch
from torch import nn

from .specs import class_name

MOST_ITEMS = 200
DEPTH = 12

_LITERALS = (bool, int, str, bytes, type(None), type(...))
_HOMES = (torch, torch.nn.functional, torch.nn.init)  # where torch's own functions are found again


class CannotWriteError(Exception):
    """A value that no short code makes again; the text says which."""


class Made:
    """How the modules of this process were constructed."""

    def __init__(self) -> None:
        self._calls: dict[int, tuple[nn.Module, tuple[Any, ...], dict[str, Any]]] = {}

    def add(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Take one construction. The module is kept, so that its identity stays its own."""
        self._calls[id(module)] = module, args, kwargs

    def call_of(self, module: nn.Module) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """The arguments that a module was made of."""
        found = self._calls.get(id(module))
        return None if found is None else found[1:]


@contextmanager
def recorded_constructions() -> Iterator[Made]:
    """Within the block it is kept how each nn.Module is constructed.

    The hook stays on nn.Module: a class whose `__new__` is deleted takes no arguments any more.
    """
    made, recording = Made(), [True]

    def new(cls: type[nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
        module = object.__new__(cls)
        if recording:
            made.add(module, args, kwargs)
        return module

    nn.Module.__new__ = new  # type: ignore[assignment]
    try:
        yield made
    finally:
        recording.clear()


class Coder:
    """Writes values; what it needs imported is in `imports`. `root` is the upload's folder."""

    def __init__(self, made: Made, root: Path) -> None:
        self.imports: dict[str, None] = {"import torch": None}
        self._made = made
        self._root = root

    def value(self, value: Any, depth: int = 0) -> str:
        """An expression that gives such a value.

        Raises:
            CannotWriteError: there is none.
        """
        if depth > DEPTH:
            raise CannotWriteError("values within values go too deep")
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, Enum):
            return f"{self.reference(type(value))}.{value.name}"
        if type(value) in _LITERALS:
            return repr(value)
        if isinstance(value, float):
            return repr(float(value)) if math.isfinite(value) else f'float("{value}")'
        if isinstance(value, torch.dtype | torch.memory_format | torch.layout):
            return str(value)
        if isinstance(value, torch.device):
            return f"torch.device({str(value)!r})"
        if isinstance(value, nn.Module):
            return self.module(value, depth)
        if isinstance(value, type | FunctionType | BuiltinFunctionType | ModuleType):
            return self.reference(value)
        return self._held(value, depth)

    def module(self, module: nn.Module, depth: int = 0) -> str:
        """The constructor's call of a module, as it was made."""
        call = self._made.call_of(module)
        if call is None:
            raise CannotWriteError(f"how {class_name(module)} was made is not known")
        return f"{self.reference(type(module))}({self.arguments(*call, depth=depth + 1)})"

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, depth: int = 0) -> str:
        """The arguments of a call."""
        words = [self.value(one, depth) for one in args]
        words += [f"{name}={self.value(one, depth)}" for name, one in kwargs.items()]
        return ", ".join(words)

    def reference(self, thing: Any) -> str:
        """The name of a class, a function or a module, imported where it is a library's."""
        if isinstance(thing, ModuleType):
            self.imports[f"import {thing.__name__}"] = None
            return thing.__name__
        name = getattr(thing, "__qualname__", "")
        own = getattr(thing, "__name__", "")
        for known in (nn, *_HOMES):
            if own and getattr(known, own, None) is thing:
                return f"{known.__name__}.{own}"
        home = sys.modules.get(getattr(thing, "__module__", None) or "")
        found: Any = home
        for part in name.split("."):
            found = getattr(found, part, None)
        if home is None or found is not thing:
            raise CannotWriteError(f"{name or type(thing).__name__} is not to be had by a name")
        if home.__name__ != "builtins" and not self.is_upload(home):
            self.imports[f"from {home.__name__} import {name.partition('.')[0]}"] = None
        return str(name)

    def is_upload(self, module: ModuleType) -> bool:
        """Whether a module is a file of the upload."""
        file = getattr(module, "__file__", None)
        return file is not None and Path(file).is_relative_to(self._root)

    def tensor(self, tensor: torch.Tensor) -> str:
        """A random tensor of the same shape and dtype, with integers of the same range.

        Raises:
            CannotWriteError: it is sparse, or a subclass of the script's.
        """
        if isinstance(tensor, nn.Parameter):
            return f"torch.nn.Parameter({self.tensor(tensor.data)})"
        if type(tensor) is not torch.Tensor or tensor.layout is not torch.strided:
            raise CannotWriteError(f"a {class_name(tensor)} of layout {tensor.layout}")
        if tensor.is_nested:
            return f"torch.nested.nested_tensor([{', '.join(map(self.tensor, tensor.unbind()))}])"
        return random_tensor(tensor) + (".requires_grad_()" if tensor.requires_grad else "")

    def _held(self, value: Any, depth: int) -> str:
        """Containers, and objects that tell how they are made."""
        if isinstance(value, tuple | list | set | frozenset | dict) and len(value) > MOST_ITEMS:
            raise CannotWriteError(f"a {type(value).__name__} of {len(value)} items")
        if isinstance(value, dict):
            kind, items = type(value), value.items()
            pairs = [f"{self.value(k, depth + 1)}: {self.value(v, depth + 1)}" for k, v in items]
            text = f"{{{', '.join(pairs)}}}"
            return text if kind is dict else f"{self.reference(kind)}({text})"
        if isinstance(value, tuple | list | set | frozenset):
            return self._sequence(value, [self.value(one, depth + 1) for one in value])
        if isinstance(value, functools.partial):
            call = self.arguments((value.func, *value.args), value.keywords, depth=depth + 1)
            return f"{self.reference(functools.partial)}({call})"
        if type(value).__module__ == "numpy":
            return self._numpy(value)
        if isinstance(value, slice):
            return f"slice({value.start!r}, {value.stop!r}, {value.step!r})"
        if hasattr(value, "to_diff_dict"):  # a config of transformers
            given = value.to_diff_dict().items()
            fields = {k: v for k, v in given if k[0] != "_" and k != "transformers_version"}
            return f"{self.reference(type(value))}(**{self.value(fields, depth + 1)})"
        return self._object(value, depth)

    def _sequence(self, value: Any, items: list[str]) -> str:
        inner = ", ".join(items)
        if hasattr(value, "_fields"):  # a named tuple
            return f"{self.reference(type(value))}({inner})"
        if isinstance(value, list):
            return f"[{inner}]"
        if isinstance(value, tuple):
            return f"({inner},)" if len(items) == 1 else f"({inner})"
        return f"{type(value).__name__}([{inner}])"

    def _object(self, value: Any, depth: int) -> str:
        """An object whose constructor takes its attributes by their names."""
        fields = getattr(value, "__dict__", None)
        try:
            names = [*inspect.signature(type(value)).parameters]
        except (TypeError, ValueError):
            names = []
        if fields is None or not names or not set(names) <= set(fields):
            raise CannotWriteError(f"a {class_name(value)}")
        call = self.arguments((), {name: fields[name] for name in names}, depth=depth + 1)
        return f"{self.reference(type(value))}({call})"

    def _numpy(self, value: Any) -> str:
        self.imports["import numpy as np"] = None
        if not getattr(value, "shape", ()):
            return f"np.{value.dtype.name}({value.item()!r})"
        sizes = ", ".join(map(str, value.shape))
        scale = f"{int(value.max()) + 1} * " if value.dtype.kind in "iu" and value.size else ""
        return f"({scale}np.random.rand({sizes})).astype({value.dtype.name!r})"


def random_tensor(tensor: torch.Tensor) -> str:
    """The call that makes one: randn, rand where all are between 0 and 1, randint for integers."""
    shape, dtype = tuple(tensor.shape), tensor.dtype
    typed = "" if dtype is torch.get_default_dtype() else f", dtype={dtype}"
    if tensor.numel() == 0 or tensor.is_meta:
        return f"torch.empty({shape}{typed})"
    if dtype is torch.bool:
        return f"torch.rand({shape}) > 0.5"
    if dtype.is_complex:
        return f"torch.randn({shape}{typed})"
    low, high = (bound.item() for bound in tensor.detach().double().aminmax())
    if dtype.is_floating_point:
        name = "rand" if 0 <= low <= high <= 1 else "randn"
        if dtype.itemsize == 1:
            return f"torch.{name}({shape}).to({dtype})"
        return f"torch.{name}({shape}{typed})"
    typed = "" if dtype is torch.int64 else f", dtype={dtype}"
    if low == high:
        return f"torch.full({shape}, {int(low)}{typed})"
    return f"torch.randint({int(low)}, {int(high) + 1}, {shape}{typed})"
